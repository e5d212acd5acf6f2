import { afterEach, expect, test } from '@jest/globals';
import { createRegistry, startMetricsServer } from './index.ts';

let server: Awaited<ReturnType<typeof startMetricsServer>>;
afterEach(() => server.stop());

async function get(path: string, ready: () => Promise<boolean> = async () => true): Promise<Response> {
  server = await startMetricsServer({ address: '127.0.0.1:0', registry: createRegistry(), ready });
  return fetch(`http://127.0.0.1:${server.port}${path}`);
}

test('metrics of the process are served in the format of Prometheus', async () => {
  const response = await get('/metrics');
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=/);
  expect(await response.text()).toContain('nodejs_eventloop_lag_p99_seconds');
});

test('a process that is not ready is still alive', async () => {
  expect((await get('/livez', async () => false)).status).toBe(200);
});

test.each<[string, () => Promise<boolean>, number]>([
  ['says yes', async () => true, 200],
  ['says no', async () => false, 503],
  ['fails', async () => Promise.reject(new Error('no database')), 503],
  ['does not answer', () => new Promise(() => {}), 503],
])('readiness, when the check %s, is answered within a second', async (_, ready, status) => {
  expect((await get('/readyz', ready)).status).toBe(status);
});

test('an unknown path says what can be asked', async () => {
  const response = await get('/');
  expect([response.status, await response.text()]).toEqual([404, 'not found: ask for /metrics, /livez or /readyz\n']);
});
