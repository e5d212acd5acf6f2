import { expect, test } from '@jest/globals';
import { Agent } from 'undici';
import { Secret } from '@autoprov/service';
import { startScimmy, waitUntil } from '@autoprov/testing';
import { Pace } from './pace.ts';
import { PassEndedError, ScimClient } from './scim-client.ts';

test('a request that waited for a connection until too little was left of the lease is not sent', async () => {
  const sp = await startScimmy({ uniqueness: false });
  const dispatcher = new Agent({ connections: 1 });
  let mayStart = true;
  const client = new ScimClient({
    baseUrl: sp.baseUrl,
    dispatcher,
    authorization: async () => new Secret(`Bearer ${sp.token}`),
    requestPace: new Pace(1_000),
    maxConcurrentRequests: 2,
    timeoutMs: 20_000,
    retryForMs: 0,
    signal: new AbortController().signal,
    mayStart: () => mayStart,
    onRequest: () => {},
  });
  sp.run({ do: 'fault', effect: 'holdAfter', holdMs: 1_000, method: 'GET' });
  const first = client.send('GET', '/Users?count=1');
  const second = client.send('POST', '/Users', { userName: 'late@example.com' });
  const outcome = second.catch((err: unknown) => err);
  await waitUntil('the first is on its way', async () => sp.counts().reads === 1, Date.now() + 10_000);
  mayStart = false;
  await first;
  expect(await outcome).toBeInstanceOf(PassEndedError);
  expect(sp.log().map(({ method }) => method)).toEqual(['GET']);
  await dispatcher.close();
  await sp.stop();
});
