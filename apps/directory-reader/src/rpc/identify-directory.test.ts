import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { rpcErrorOf, status } from '@autoprov/grpc';
import { plainPeople, type DirectoryCommand } from '@autoprov/testing';
import { fetchToken } from '../outside.fixture.ts';
import { startReaderNetwork } from '../reader-network.fixture.ts';

const within = { timeoutMs: 3_000 };
const customer = 'customers/acme';
const adminEmail = 'admin@example.com';

let network: Awaited<ReturnType<typeof startReaderNetwork>>;
let broker: ReturnType<typeof network.connectAs>;
beforeAll(async () => {
  network = await startReaderNetwork({ people: plainPeople({ users: 3 }) });
  broker = network.connectAs('token-broker');
});
afterAll(async () => {
  broker.close();
  await network[Symbol.asyncDispose]();
});

const identify = async (changes: { adminEmail?: string; accessToken?: string } = {}) => {
  const accessToken = await fetchToken(network.directory);
  return broker.identifyDirectory({ customer, adminEmail, accessToken, ...changes }, within);
};
const failure = (call: Promise<unknown>) => call.then(() => undefined, rpcErrorOf);

test("the broker is told the Google customer that a token reads, by one request that no read's count holds", async () => {
  network.directory.run({ do: 'resetCounts' });
  expect(await identify()).toEqual({ googleCustomerId: network.directory.state.customerId });
  const none = { usersList: 0, membersList: 0, schemasList: 0 };
  expect(network.directory.run({ do: 'counts' })).toMatchObject({ usersGet: 1, ...none });
  expect((await network.status()).requestCounts).toEqual({ identify: 1n });
});

test('nobody but the broker may ask, for the answer needs a token', async () => {
  const asked = network.client().identifyDirectory({ customer, adminEmail, accessToken: 'x' }, within);
  expect(await failure(asked)).toMatchObject({ code: status.PERMISSION_DENIED, reason: 'CALLER_NOT_ALLOWED' });
});

const failPage = (httpStatus: number, reason: string, times = 1): DirectoryCommand => ({
  do: 'failPage',
  kind: 'usersGet',
  status: httpStatus,
  reason,
  times,
});

test.each<[string, DirectoryCommand, object]>([
  ['that is unknown', failPage(404, 'notFound'), { reason: 'ADMIN_NOT_USABLE', metadata: { code: '17007' } }],
  [
    'that may not read',
    failPage(403, 'forbidden'),
    { reason: 'ADMIN_NOT_USABLE', metadata: { code: '17008', finer_reason: 'ADMIN_ROLE_LOST' } },
  ],
  [
    'of a project without the API',
    failPage(403, 'accessNotConfigured'),
    { reason: 'ADMIN_NOT_USABLE', metadata: { code: '17008', finer_reason: 'ADMIN_API_DISABLED' } },
  ],
  [
    'that Google does not understand',
    failPage(400, 'invalid'),
    { reason: 'ADMIN_NOT_USABLE', metadata: { code: '17007', finer_reason: 'UNEXPECTED_ANSWER' } },
  ],
  [
    'at a Google that is down',
    failPage(503, 'backendError', 20),
    {
      code: status.UNAVAILABLE,
      reason: 'DEPENDENCY_UNAVAILABLE',
      metadata: { code: '50001', finer_reason: 'DIRECTORY_UNAVAILABLE' },
      retryAfterMs: expect.any(Number),
    },
  ],
])('an admin %s is told apart, and no address and token is in the answer', async (_, command, expected) => {
  network.directory.run({ do: 'clearFaults' });
  network.directory.run(command);
  const found = await failure(identify());
  expect(found).toMatchObject(expected);
  expect(JSON.stringify(found)).not.toMatch(/@|ya29/);
  network.directory.run({ do: 'clearFaults' });
});

test('a Google that fails once is asked again', async () => {
  network.directory.run(failPage(503, 'backendError'));
  expect(await identify()).toEqual({ googleCustomerId: network.directory.state.customerId });
});
