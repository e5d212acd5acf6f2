import { expect, test } from '@jest/globals';
import { createClient, rpcErrorOf, serve, status } from '@autoprov/grpc';
import { connect, isUnavailable } from '@autoprov/postgres';
import { FailureServiceClient } from '@autoprov/proto';
import { createLogger, createRegistry } from '@autoprov/service';
import { freePort } from '@autoprov/testing';
import type { ReporterContext } from '../context.ts';
import { failureService } from './index.ts';

test('while the store is down the answer is FETCH_STATUS_FAILED with the published words, to be tried again', async () => {
  const logger = createLogger({ service: 'failure-reporter' }, { write: () => {} });
  const url = `postgres://nobody@127.0.0.1:${await freePort()}/none`;
  const pool = connect({ url, schema: 'failure-reporter', applicationName: 'failure-reporter', logger });
  const services = [failureService({ pool, now: () => new Date() } as ReporterContext)];
  const registry = createRegistry();
  const server = await serve({ address: '127.0.0.1:0', reflection: false, services, isUnavailable, logger, registry });
  const client = createClient(FailureServiceClient, { address: `127.0.0.1:${server.port}`, callerName: 'cli' });
  const call = client.getAppCounters(
    { app: 'customers/acme/apps/crm', startTime: undefined, endTime: undefined },
    { timeoutMs: 10_000 },
  );
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
