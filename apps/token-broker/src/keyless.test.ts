import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { status } from '@autoprov/grpc';
import type { SetDelegationRequest } from '@autoprov/proto';
import { startSigner, type ExampleSigner } from '@autoprov/testing';
import { failureOf, soon, startBrokerForTests, type BrokerForTests } from './broker.fixture.ts';

const customer = 'customers/acme';
const name = `${customer}/delegation`;
const dir = mkdtempSync(join(tmpdir(), 'autoprov-keyless-'));
const adcVariable = 'GOOGLE_APPLICATION_CREDENTIALS';

let broker: BrokerForTests;
let signer: ExampleSigner;
beforeAll(async () => {
  broker = await startBrokerForTests();
  signer = await startSigner([broker.directory.serviceAccountKey()], dir);
});
afterAll(async () => {
  await broker.stop();
  await signer.stop();
  rmSync(dir, { recursive: true });
});
beforeEach(async () => {
  signer.setAllowed(true);
  signer.fail(0, 0);
  process.env[adcVariable] = signer.credentialsFile;
  await broker.restart({ GOOGLE_IAM_URL: signer.url });
  await setKeyless();
  await getToken();
  await broker.takeChecks();
});

const set = (changes: Partial<SetDelegationRequest>) =>
  broker.clients.cli.setDelegation(
    { customer, serviceAccountKeyJson: '', adminEmail: 'admin@example.com', validateOnly: false, ...changes },
    soon,
  );
function setKeyless(changes: Partial<SetDelegationRequest> = {}) {
  const { client_email: serviceAccountEmail, client_id: clientId } = broker.directory.serviceAccountKey();
  return set({ keyless: { serviceAccountEmail, clientId }, ...changes });
}
const getToken = () => broker.clients.reader.getDirectoryAccessToken({ customer, forceNew: true }, soon);

test('a service account whose key stays with Google gives tokens, and no key is stored', async () => {
  const before = signer.signedCount();
  await getToken();
  expect(signer.signedCount()).toBe(before + 1);
  const { rows } = await broker.pool.query(`select sealed from delegations`);
  expect(rows).toEqual([{ sealed: null }]);
  const { delegation } = await broker.clients.cli.getDelegation({ name }, soon);
  expect(delegation).toMatchObject({ keyless: true, googleCustomerId: broker.directory.state.customerId });
  expect(await broker.clients.cli.checkDelegation({ name }, soon)).toMatchObject({ code: '' });
});

test('an account goes from a key to none and back, and keeps its binding', async () => {
  await set({ serviceAccountKeyJson: JSON.stringify(broker.directory.serviceAccountKey()) });
  await getToken();
  const before = signer.signedCount();
  await setKeyless();
  await getToken();
  expect(signer.signedCount()).toBe(before + 1);
  const { delegation } = await broker.clients.cli.getDelegation({ name }, soon);
  expect(delegation).toMatchObject({ googleCustomerId: broker.directory.state.customerId });
});

test('what Google says of the admin is the same as with a key', async () => {
  await setKeyless({ adminEmail: 'nobody@example.com' });
  expect(await failureOf(getToken())).toMatchObject({ reason: 'ADMIN_NOT_USABLE', metadata: { code: '17007' } });
});

test('a signer that fails once is asked again', async () => {
  signer.fail(503, 1);
  await getToken();
});

test.each<[string, () => void | Promise<void>, string, boolean]>([
  ['answers 503', () => signer.fail(503, 10), 'SIGNER_UNAVAILABLE', true],
  ['answers 429', () => signer.fail(429, 10), 'SIGNER_UNAVAILABLE', true],
  ['cuts the connection', () => signer.fail(0, 10), 'SIGNER_UNAVAILABLE', true],
  ['does not let us in', () => signer.setAllowed(false), 'SIGNER_REFUSED', false],
  [
    'knows no such account',
    async () => {
      const keyless = { serviceAccountEmail: 'other@autoprov-example.iam.gserviceaccount.com', clientId: '123' };
      await set({ keyless });
    },
    'SIGNER_REFUSED',
    false,
  ],
  [
    'cannot be asked for want of credentials',
    async () => {
      process.env[adcVariable] = join(dir, 'none.json');
      await broker.restart({ GOOGLE_IAM_URL: signer.url });
    },
    'SIGNER_REFUSED',
    false,
  ],
])('a signer that %s is 17011 with a reason of its own', async (_, provoke, finerReason, retryable) => {
  await provoke();
  const failure = await failureOf(getToken());
  expect(failure).toMatchObject({
    code: status.FAILED_PRECONDITION,
    reason: 'TOKEN_NOT_GENERATED',
    metadata: { code: '17011', finer_reason: finerReason },
  });
  expect(failure.retryAfterMs !== undefined).toBe(retryable);
  expect(JSON.stringify(failure)).not.toMatch(/@|ya29|eyJ/);
  expect(await broker.takeChecks()).toMatchObject([
    { subject: 'installation', code: '17011', reason: finerReason, passed: false },
  ]);
});

test.each<[string, Partial<SetDelegationRequest>, string]>([
  ['with a key as well', { serviceAccountKeyJson: '{}' }, 'service_account_key_json'],
  [
    'without a service account',
    { keyless: { serviceAccountEmail: 'ada@example.com', clientId: '1' } },
    'keyless.service_account_email',
  ],
  [
    'without a numeric client id',
    { keyless: { serviceAccountEmail: 'a@p.iam.gserviceaccount.com', clientId: 'x' } },
    'keyless.client_id',
  ],
])('a delegation %s is refused by field, and leaves no half-saved state', async (_, changes, field) => {
  const before = await broker.clients.cli.getDelegation({ name }, soon);
  expect(await failureOf(setKeyless(changes))).toMatchObject({
    code: status.INVALID_ARGUMENT,
    fieldViolations: [{ field }],
  });
  expect(await broker.clients.cli.getDelegation({ name }, soon)).toEqual(before);
});
