import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { status } from '@autoprov/grpc';
import { directoryScopes, freePort, makeServiceAccountKey, type DirectoryCommand } from '@autoprov/testing';
import { failureOf, soon, startBrokerForTests, type BrokerForTests } from './broker.fixture.ts';

const customer = 'customers/acme';
const adminEmail = 'delegate@example.com';

let broker: BrokerForTests;
beforeAll(async () => {
  broker = await startBrokerForTests();
});
afterAll(() => broker.stop());

const run = (command: DirectoryCommand) => broker.directory.run(command);
const getToken = () =>
  broker.clients.reader.getDirectoryAccessToken({ customer, forceNew: true }, { timeoutMs: 40_000 });
const setKey = (changes: object = {}) => {
  const serviceAccountKeyJson = JSON.stringify({ ...broker.directory.serviceAccountKey(), ...changes });
  return broker.clients.cli.setDelegation({ customer, serviceAccountKeyJson, adminEmail, validateOnly: false }, soon);
};
const answer = (httpStatus: number, reason: string) => () =>
  run({ do: 'failPage', kind: 'token', status: httpStatus, reason, times: 10 });

type Refusal = {
  code: string;
  reason: string;
  /** Where it differs. */
  finerReason?: string;
  /** Whether RetryInfo says that waiting helps. */
  retryable?: true;
  ofInstallation?: true;
};
const unreachable: Refusal = {
  code: '17002',
  reason: 'TOKEN_ENDPOINT_UNAVAILABLE',
  retryable: true,
  ofInstallation: true,
};
const noAdmin: Refusal = { code: '17007', reason: 'ADMIN_NOT_USABLE' };
const notMade: Refusal = { code: '17011', reason: 'TOKEN_NOT_GENERATED', ofInstallation: true };

/** Each makes Google refuse; what is undone afterwards is the people, the scopes, the faults and the key. */
test.each<[string, () => unknown, Refusal]>([
  ['the endpoint answers 429', answer(429, 'rate_limited'), unreachable],
  ['the endpoint answers 500', answer(500, 'internal_failure'), unreachable],
  ['the endpoint answers 503', answer(503, 'backendError'), unreachable],
  ['the endpoint is too slow', () => run({ do: 'setLatency', latencyMs: 6_000 }), unreachable],
  [
    'nothing listens',
    async () => broker.restart({ GOOGLE_TOKEN_URL: `http://127.0.0.1:${await freePort()}/token` }),
    unreachable,
  ],
  [
    'all scopes are revoked',
    () => run({ do: 'revokeScopes', scopes: directoryScopes }),
    { code: '17003', reason: 'DELEGATION_REVOKED' },
  ],
  [
    'one scope is revoked',
    () => run({ do: 'revokeScopes', scopes: directoryScopes.slice(2) }),
    { code: '17006', reason: 'SCOPE_MISSING' },
  ],
  ['the admin is suspended', () => run({ do: 'suspend', user: adminEmail }), noAdmin],
  ['the admin is deleted', () => run({ do: 'delete', user: adminEmail }), noAdmin],
  ['a policy of the domain forbids it', answer(400, 'admin_policy_enforced'), noAdmin],
  ['the project is for one organization only', answer(403, 'org_internal'), noAdmin],
  [
    'Google answers what it does not document',
    answer(400, 'something_new'),
    { ...noAdmin, finerReason: 'UNEXPECTED_ANSWER', retryable: true },
  ],
  ['our clock is slow', () => run({ do: 'setTokenClock', offsetMs: 2 * 3_600_000 }), { ...notMade, retryable: true }],
  ['our clock is fast', () => run({ do: 'setTokenClock', offsetMs: -3_600_000 }), { ...notMade, retryable: true }],
  [
    'the key is not that account’s any more',
    () => setKey({ private_key: makeServiceAccountKey().private_key }),
    notMade,
  ],
  ['the service account is deleted', () => setKey({ client_email: makeServiceAccountKey().client_email }), notMade],
  ['the client is invalid', answer(401, 'invalid_client'), notMade],
  ['the client is disabled', answer(401, 'disabled_client'), notMade],
  ['the client is deleted', answer(401, 'deleted_client'), notMade],
  ['the endpoint answers 200 without a token', answer(200, 'what'), { ...notMade, retryable: true }],
])('when %s, no token is given, and why is answered and published', async (what, provoke, refusal) => {
  const { code, reason, finerReason, retryable = false, ofInstallation = false } = refusal;
  const person = { primaryEmail: adminEmail, givenName: 'De', familyName: 'Legate', isAdmin: true };
  run({ do: 'hire', ...person });
  await setKey();
  await getToken();
  await broker.takeChecks();
  try {
    await provoke();
    const failure = await failureOf(getToken());
    expect(failure).toMatchObject({
      code: code === '17002' ? status.UNAVAILABLE : status.FAILED_PRECONDITION,
      reason,
      metadata: { code, ...(finerReason && { finer_reason: finerReason }) },
    });
    expect(failure.retryAfterMs !== undefined).toBe(retryable);
    expect(JSON.stringify(failure)).not.toContain('@');
    expect(await broker.takeChecks()).toMatchObject([
      { subject: ofInstallation ? 'installation' : customer, code, reason: finerReason ?? reason, passed: false },
    ]);
  } finally {
    run({ do: 'clearFaults' });
    run({ do: 'grantScopes', scopes: directoryScopes });
    if (what !== 'the admin is deleted') run({ do: 'delete', user: adminEmail });
    await broker.restart({});
  }
});
