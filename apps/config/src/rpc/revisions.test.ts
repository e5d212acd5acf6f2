import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { status } from '@autoprov/grpc';
import { ProvisioningSetup_State, type ProvisioningSetup } from '@autoprov/proto';
import { failureOf, installApp, plain, readEverything, soon, startConfigForTests } from '../config.fixture.ts';
import type { ConfigForTests } from '../config.fixture.ts';
import { setupWith } from '../setup.fixture.ts';

/** Hosts that the operator allows, until a test takes one away. */
const allowedHosts = ['localhost:8443'];
let config: ConfigForTests;
beforeAll(async () => {
  config = await startConfigForTests({ overrides: { allowedHosts } });
});
afterAll(() => config.stop());

async function makeSetup(fields: Parameters<typeof setupWith>[0] = {}): Promise<ProvisioningSetup> {
  const parent = await installApp(config, `c-${randomUUID().slice(0, 8)}`, 'crm');
  return (await config.cli.createSetup({ parent, setup: setupWith(fields), ...plain }, soon)).setup!;
}

const changeTo = async ({ name, etag }: ProvisioningSetup, fields: Parameters<typeof setupWith>[0]) =>
  (await config.cli.updateSetup({ setup: { ...setupWith(fields), name, etag }, updateMask: undefined, ...plain }, soon))
    .setup!;
const rollBack = ({ name, etag }: ProvisioningSetup, revision: bigint, more: object = {}) =>
  config.cli.rollbackSetup({ name, etag, revision, ...plain, ...more }, soon);
const historyOf = async ({ name }: ProvisioningSetup) =>
  (await config.cli.listSetupRevisions({ parent: name, pageSize: 0, pageToken: '' }, soon)).revisions;

test('the history tells what each change changed, who asked for it and what it went back to', async () => {
  const first = await makeSetup({ scope: { groups: ['a'], persons: ['p'] } });
  const second = await changeTo(first, { scope: { groups: ['b'], persons: ['p'] } });
  const third = (await config.cli.activateSetup({ name: second.name, etag: second.etag, ...plain }, soon)).setup!;
  const fourth = (await rollBack(third, first.revision)).setup!;
  await config.cli.deleteSetup({ name: fourth.name, etag: fourth.etag, ...plain }, soon);
  expect(
    (await historyOf(first)).map(({ changedPaths, rolledBackTo, caller, person }) => [
      changedPaths,
      rolledBackTo,
      caller,
      person,
    ]),
  ).toEqual([
    [[], 0n, 'cli', ''],
    [['scope.groups'], first.revision, 'cli', ''],
    [['state'], 0n, 'cli', ''],
    [['scope.groups'], 0n, 'cli', ''],
    [['state', 'endpoint_url', 'attribute_mapping', 'scope.groups', 'scope.persons'], 0n, 'cli', ''],
  ]);
});

test('a rollback restores everything but the state, and what belongs to the setup since it was made', async () => {
  const first = await makeSetup({ scope: { groups: ['a'] }, matching: { attributes: ['userName'] } });
  const second = await changeTo(first, { endpointUrl: 'https://b.example', scope: { persons: ['p'] } });
  const active = (await config.cli.activateSetup({ name: second.name, etag: second.etag, ...plain }, soon)).setup!;
  const { setup } = await rollBack(active, first.revision);
  const { etag, revision, updateTime } = setup!;
  expect(revision).toBeGreaterThan(active.revision);
  expect(setup).toEqual({ ...first, state: ProvisioningSetup_State.STATE_ACTIVE, etag, revision, updateTime });
  expect((await config.cli.getSetup({ name: first.name }, soon)).setup).toEqual(setup);
});

test('a rollback reaches back before a deletion, and keeps when the setup of now was made', async () => {
  const first = await makeSetup({ scope: { groups: ['a'] } });
  await config.cli.deleteSetup({ name: first.name, etag: first.etag, ...plain }, soon);
  const parent = first.name.replace('/setup', '');
  const now = (await config.cli.createSetup({ parent, setup: setupWith(), ...plain }, soon)).setup!;
  const { setup } = await rollBack(now, first.revision);
  expect(setup).toMatchObject({ scope: first.scope, createTime: now.createTime });
});

test('a rollback to what is there already, or one that is only checked, takes no revision', async () => {
  const first = await makeSetup();
  const second = await changeTo(first, { scope: { groups: ['b'] } });
  const before = await readEverything(config);
  expect((await rollBack(second, second.revision)).setup).toEqual(second);
  expect((await rollBack(second, first.revision, { validateOnly: true })).setup?.scope).toBeUndefined();
  expect(await readEverything(config)).toEqual(before);
});

test('a revision that deleted the setup, of another app or of nobody is refused, and leaves no half-saved state', async () => {
  const gone = await makeSetup();
  await config.cli.deleteSetup({ name: gone.name, etag: gone.etag, ...plain }, soon);
  const [deletion] = await historyOf(gone);
  const parent = gone.name.replace('/setup', '');
  const setup = (await config.cli.createSetup({ parent, setup: setupWith(), ...plain }, soon)).setup!;
  const other = await makeSetup();
  const before = await readEverything(config);
  for (const [revision, why] of [
    [deletion!.revision, /deleted the setup/],
    [other.revision, /is no change of/],
    [0n, /is no change of/],
    [2n ** 62n, /is no change of/],
    [-1n, /is no change of/],
  ] as const) {
    expect(await failureOf(rollBack(setup, revision))).toMatchObject({
      code: status.INVALID_ARGUMENT,
      reason: 'INVALID_REQUEST',
      fieldViolations: [{ field: 'revision', description: expect.stringMatching(why) }],
    });
  }
  expect(await readEverything(config)).toEqual(before);
});

test('what could be stored then and cannot now is not gone back to', async () => {
  const first = await makeSetup({ endpointUrl: 'https://localhost:8443/scim' });
  const second = await changeTo(first, { endpointUrl: 'https://b.example' });
  allowedHosts.length = 0;
  expect(await failureOf(rollBack(second, first.revision))).toMatchObject({
    code: status.INVALID_ARGUMENT,
    reason: 'ENDPOINT_INVALID',
    fieldViolations: [{ field: 'setup.endpoint_url' }],
  });
});
