import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connect, type Pool } from '@autoprov/postgres';
import { createLogger, createRegistry } from '@autoprov/service';
import { freePort } from '@autoprov/testing';
import { serveHook } from './serve-hook.ts';

const logger = createLogger({ service: 'test', level: 'fatal' });
let pool: Pool;
let hook: Awaited<ReturnType<typeof serveHook>>;

beforeAll(async () => {
  const url = `postgres://nobody@127.0.0.1:${await freePort()}/none`;
  pool = connect({ url, schema: 'directory-reader', applicationName: 'test', logger });
  hook = await serveHook({
    context: { pool, logger, now: () => new Date() },
    address: '127.0.0.1:0',
    registry: createRegistry(),
    requestsPerSecond: 20,
    onHurried: () => {},
  });
});
afterAll(async () => {
  await hook.stop();
  await pool.end();
});

async function post(headers: Record<string, string> = {}): Promise<number> {
  return (await fetch(`http://127.0.0.1:${hook.port}/`, { method: 'POST', headers, body: '{"id":"1"}' })).status;
}

test('while the database is away Google is told to send again', async () => {
  expect(await post({ 'x-goog-channel-id': '01234567-89ab-cdef-0123-456789abcdef' })).toBe(503);
});

test('a flood is answered by 503, and whoever comes later is heard', async () => {
  const flood = await Promise.all(Array.from({ length: 200 }, () => post()));
  expect(new Set(flood)).toEqual(new Set([404, 503]));
  let status = 503;
  while (status === 503) status = await post();
  expect(status).toBe(404);
});
