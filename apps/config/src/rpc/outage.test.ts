import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { status } from '@autoprov/grpc';
import type { ProvisioningSetup } from '@autoprov/proto';
import { startPostgres, type LocalPostgres } from '@autoprov/testing';
import { failureOf, installApp, plain, soon, startConfigForTests } from '../config.fixture.ts';
import type { ConfigForTests } from '../config.fixture.ts';
import { setupWith } from '../setup.fixture.ts';

const dir = mkdtempSync(join(tmpdir(), 'autoprov-config-'));
let postgres: LocalPostgres;
let config: ConfigForTests;
let setup: ProvisioningSetup;
let before: ProvisioningSetup;

beforeAll(async () => {
  postgres = await startPostgres({ dir });
  config = await startConfigForTests({ adminUrl: postgres.url });
  const parent = await installApp(config, 'acme', 'crm');
  setup = (await config.cli.createSetup({ parent, setup: setupWith(), ...plain }, soon)).setup!;
  before = setup;
  // Not killed: backends outlive a killed postmaster by a moment, and still answer.
  await postgres.stop();
});
afterAll(async () => {
  const port = Number(new URL(postgres.url).port);
  postgres = await startPostgres({ dir, port });
  await config.stop();
  await postgres.stop();
});

const parent = 'customers/acme/apps/crm';
const write = () => ({ name: setup.name, etag: setup.etag, ...plain });
const update = (updateMask: string[]) => config.cli.updateSetup({ setup, updateMask, ...plain }, soon);

test.each([
  ['FETCH_SETUP_FAILED', "Couldn't fetch provisioning setup", () => config.cli.getSetup({ name: setup.name }, soon)],
  [
    'FETCH_PRECONFIGURATION_FAILED',
    "Couldn't fetch provisioning pre-configuration",
    () => config.cli.getPreConfiguration({ app: parent }, soon),
  ],
  [
    'CREATE_FAILED',
    "Provisioning setup couldn't be created",
    () => config.cli.createSetup({ parent, setup: setupWith(), ...plain }, soon),
  ],
  ['UPDATE_FAILED', "Provisioning setup couldn't be updated", () => update(['endpoint_url', 'scope'])],
  ['UPDATE_MAPPING_FAILED', "Couldn't update attribute mapping", () => update(['attribute_mapping'])],
  [
    'UPDATE_GROUPS_FAILED',
    "Couldn't update the group settings for auto provisioning",
    () => update(['scope.groups', 'scope.persons']),
  ],
  [
    'UPDATE_DEPROVISIONING_FAILED',
    "Couldn't update the deprovisioning configuration",
    () => update(['deprovisioning.deleted']),
  ],
  [
    'UPDATE_MAPPING_FAILED',
    "Couldn't update attribute mapping",
    () => config.cli.updateAttributeMapping({ ...write(), attributeMapping: undefined, mappingTests: [] }, soon),
  ],
  [
    'UPDATE_GROUPS_FAILED',
    "Couldn't update the group settings for auto provisioning",
    () => config.cli.updateGroupSettings({ ...write(), scope: undefined }, soon),
  ],
  [
    'UPDATE_DEPROVISIONING_FAILED',
    "Couldn't update the deprovisioning configuration",
    () => config.cli.updateDeprovisioningConfig({ ...write(), deprovisioning: undefined }, soon),
  ],
  [
    'UPDATE_FAILED',
    "Provisioning setup couldn't be updated",
    () => config.cli.rollbackSetup({ ...write(), revision: setup.revision }, soon),
  ],
  ['ACTIVATION_FAILED', 'Provisioning activation failed', () => config.cli.activateSetup(write(), soon)],
  ['DELETE_FAILED', 'Error deleting provisioning setup', () => config.cli.deleteSetup(write(), soon)],
])('while the store is down the answer is %s, to be tried again', async (reason, words, call) => {
  expect(await failureOf(call())).toMatchObject({
    code: status.UNAVAILABLE,
    reason,
    localizedMessage: words,
    retryAfterMs: expect.any(Number),
  });
});

test('once the store is back nothing is half-saved', async () => {
  const port = Number(new URL(postgres.url).port);
  postgres = await startPostgres({ dir, port });
  expect((await config.cli.getSetup({ name: setup.name }, soon)).setup).toEqual(before);
});
