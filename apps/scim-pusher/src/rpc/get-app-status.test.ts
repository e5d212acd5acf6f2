import { expect, test } from '@jest/globals';
import { createClient, rpcErrorOf, serve, status } from '@autoprov/grpc';
import { connect, isUnavailable } from '@autoprov/postgres';
import { PushServiceClient } from '@autoprov/proto';
import { createLogger, createRegistry } from '@autoprov/service';
import { freePort } from '@autoprov/testing';
import type { PusherContext } from '../context.ts';
import { pushService } from './index.ts';

test('while the store is down the answer is FETCH_STATUS_FAILED with the published words, to be tried again', async () => {
  const logger = createLogger({ service: 'scim-pusher' }, { write: () => {} });
  const url = `postgres://nobody@127.0.0.1:${await freePort()}/none`;
  const pool = connect({ url, schema: 'scim-pusher', applicationName: 'scim-pusher', logger });
  const services = [pushService({ pool } as PusherContext)];
  const registry = createRegistry();
  const server = await serve({ address: '127.0.0.1:0', reflection: false, services, isUnavailable, logger, registry });
  const client = createClient(PushServiceClient, { address: `127.0.0.1:${server.port}`, callerName: 'cli' });
  const call = client.getAppStatus({ app: 'customers/acme/apps/crm' }, { timeoutMs: 10_000 });
  expect(await call.catch(rpcErrorOf)).toMatchObject({
    code: status.UNAVAILABLE,
    reason: 'FETCH_STATUS_FAILED',
    localizedMessage: "Couldn't fetch provisioning status",
    retryAfterMs: expect.any(Number),
  });
  client.close();
  await server.stop();
  await pool.end();
});
