import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { listAccounts } from './list-accounts.ts';
import { callScim, commandFront, readFrontCounts, readFrontLog } from './scim-client.ts';
import { startScimmy } from './scimmy.ts';
import type { ServiceProvider } from './service-provider.ts';

let provider: ServiceProvider;

beforeAll(async () => {
  provider = await startScimmy({ uniqueness: false });
});
beforeEach(() => {
  provider.run({ do: 'clearFaults' });
  provider.run({ do: 'resetCounts' });
});
afterAll(() => provider.stop());

async function create(userName: string) {
  const body = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName };
  return callScim(provider, 'POST', '/Users', body);
}
const isThere = async (name: string) => (await listAccounts(provider)).some(({ userName }) => userName === name);

test('a rate limit keeps requests from the provider, with Retry-After only if asked', async () => {
  provider.run({ do: 'fault', effect: 'rateLimit', retryAfterSeconds: 3 });
  provider.run({ do: 'fault', effect: 'rateLimit' });
  const [withHeader, without] = [await create('limited'), await create('limited')];
  expect([withHeader.status, withHeader.headers['retry-after']]).toEqual([429, '3']);
  expect([without.status, without.headers['retry-after']]).toEqual([429, undefined]);
  expect(await isThere('limited')).toBe(false);
});

test('a failure before is not applied, a failure after is', async () => {
  provider.run({ do: 'fault', effect: 'failBefore', method: 'POST' });
  expect([(await create('before')).status, await isThere('before')]).toEqual([500, false]);
  provider.run({ do: 'fault', effect: 'failAfter', method: 'POST', status: 503 });
  expect([(await create('after')).status, await isThere('after')]).toEqual([503, true]);
});

test('a reset after leaves the client without an answer and the account in place', async () => {
  provider.run({ do: 'fault', effect: 'resetAfter', method: 'POST' });
  await expect(create('reset')).rejects.toThrow();
  expect(await isThere('reset')).toBe(true);
});

test('HTML and a 401 come once, for the path asked', async () => {
  provider.run({ do: 'fault', effect: 'unauthorized', path: '/Schemas' });
  expect((await callScim(provider, 'GET', '/Users?count=1')).status).toBe(200);
  expect((await callScim(provider, 'GET', '/Schemas')).status).toBe(401);
  expect((await callScim(provider, 'GET', '/Schemas')).status).toBe(200);
  provider.run({ do: 'fault', effect: 'html' });
  await expect(callScim(provider, 'GET', '/Schemas')).rejects.toThrow(/JSON/);
});

test('requests are counted by method and logged, faults too, also for another process', async () => {
  await commandFront(provider, { do: 'fault', effect: 'failBefore' });
  await create('counted');
  await callScim(provider, 'GET', '/Users?count=1');
  expect(await readFrontCounts(provider)).toEqual({ reads: 1, writes: 1, byMethod: { GET: 1, POST: 1 } });
  expect(await readFrontLog(provider)).toEqual([
    { method: 'POST', path: '/scim/v2/Users', status: 500, fault: 'failBefore' },
    { method: 'GET', path: '/scim/v2/Users?count=1', status: 200 },
  ]);
});
