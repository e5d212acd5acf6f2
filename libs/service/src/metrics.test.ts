import { afterEach, expect, test } from '@jest/globals';
import { createRegistry, Gauge, startMetricsServer } from './index.ts';

let server: Awaited<ReturnType<typeof startMetricsServer>>;
afterEach(() => server.stop());

async function get(path: string, ready = async () => true, registry = createRegistry()): Promise<Response> {
  server = await startMetricsServer({ address: '127.0.0.1:0', registry, ready });
  return fetch(`http://127.0.0.1:${server.port}${path}`);
}

test('metrics of the process are served in the format of Prometheus', async () => {
  const response = await get('/metrics');
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=/);
  expect(await response.text()).toContain('nodejs_eventloop_lag_p99_seconds');
});

test('a metric that can not be collected fails the request and not the process', async () => {
  const registry = createRegistry();
  const collect = async (): Promise<void> => Promise.reject(new Error('no database'));
  registry.registerMetric(new Gauge({ name: 'due_rows', help: 'x', registers: [], collect }));
  const response = await get('/metrics', undefined, registry);
  expect([response.status, await response.text()]).toEqual([500, "metrics can't be collected: no database\n"]);
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
