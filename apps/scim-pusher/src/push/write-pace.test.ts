import { expect, test } from '@jest/globals';
import { listAccounts, readFrontCounts, readFrontLog, startBetterAuth, waitUntil } from '@autoprov/testing';
import { createWorker } from '../work.ts';
import { startTestApp } from './test-app.fixture.ts';
import { stopAfterEach } from './stop-after-each.fixture.ts';

const started = stopAfterEach();

async function start() {
  const sp = await startBetterAuth();
  const app = await startTestApp(sp);
  started.push(sp, app);
  return { sp, app };
}

const people = (count: number) => Array.from({ length: count }, (_, i) => ({ id: String(1000 + i) }));

test('no more writes are sent in a minute than the service provider takes, also by pass after pass', async () => {
  const { sp, app } = await start();
  await app.configure({}, { maxWritesPerMinute: 120 });
  const startMs = Date.now();
  for (const person of people(5)) {
    await app.read([person]);
    await app.push();
  }
  // Two a second: the fifth waits for the third second.
  expect(Date.now() - startMs).toBeGreaterThan(1_900);
  expect(await listAccounts(sp)).toHaveLength(5);
});

test('reads do not wait for writes', async () => {
  const { sp, app } = await start();
  await app.configure({}, { maxWritesPerMinute: 1 });
  await app.read(people(1));
  const startMs = Date.now();
  await app.push();
  expect(Date.now() - startMs).toBeLessThan(10_000);
  expect((await readFrontCounts(sp)).writes).toBe(1);
});

test('a worker that stops does not wait for the turns of what it has not sent, and sends none of it', async () => {
  const { sp, app } = await start();
  await app.configure({}, { maxWritesPerMinute: 4 });
  await app.read(people(3));
  const worker = createWorker(app.ctx);
  await worker.pass();
  await waitUntil('the first is written', async () => (await readFrontCounts(sp)).writes === 1, Date.now() + 10_000);
  const startMs = Date.now();
  await worker.stop();
  expect(Date.now() - startMs).toBeLessThan(5_000);
  expect((await readFrontCounts(sp)).writes).toBe(1);
});

test("a list is asked for in pages of the service provider's size", async () => {
  const { sp, app } = await start();
  await app.configure({}, { maxPageSize: 7 });
  await app.read(people(1));
  await app.push();
  const lists = (await readFrontLog(sp)).filter(({ path }) => path.includes('startIndex'));
  expect(lists.map(({ path }) => new URL(path, sp.url).searchParams.get('count'))).toEqual(['7']);
});
