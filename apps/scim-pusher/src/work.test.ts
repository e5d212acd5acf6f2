import { expect, test } from '@jest/globals';
import { listAccounts, startScimmy, waitUntil } from '@autoprov/testing';
import { startTestApp } from './push/test-app.fixture.ts';
import { listAppsWithWork } from './store/apps.ts';
import { createWorker } from './work.ts';
import { stopAfterEach } from './push/stop-after-each.fixture.ts';

const started = stopAfterEach();

test('a pass that meets a bug is 12004 until one ends well, and is tried more and more seldom', async () => {
  const sp = await startScimmy({ uniqueness: true });
  started.push(sp);
  const app = await startTestApp(sp);
  started.push(app);
  const hasWork = async () => (await listAppsWithWork(app.pool, app.ctx.now())).length > 0;
  const worker = createWorker(app.ctx);
  started.push(worker);
  /** One pass, and that it has come to this. */
  const passUntil = async (what: string, isSo: () => Promise<boolean>) => {
    await worker.pass();
    await waitUntil(what, isSo, Date.now() + 20_000);
  };
  const crashes = async () => {
    const { rows } = await app.pool.query<{ count: number }>(`select crash_count as count from crashes`);
    return rows[0]?.count ?? 0;
  };
  const checks = async () => (await app.facts()).filter(({ body }) => body['code'] === '12004');
  await app.configure();
  await app.read([{ id: '10' }]);
  const { rows } = await app.pool.query<{ document: Buffer }>(`select document from users`);
  // What no version of this service has written.
  await app.pool.query(`update users set document = '\\xff'`);
  await passUntil('the first crash', async () => (await crashes()) === 1);
  expect((await checks()).map(({ body }) => body)).toMatchObject([
    { subject: 'installation', passed: false, detail: expect.stringContaining('customers/acme/apps/crm') },
  ]);
  expect(await hasWork()).toBe(false);
  app.moveClock(30_000);
  expect(await hasWork()).toBe(true);
  await passUntil('the second crash', async () => (await crashes()) === 2);
  app.moveClock(9_000);
  expect(await hasWork()).toBe(false);
  expect(await checks()).toHaveLength(1);

  await app.pool.query(`update users set document = $1`, [rows[0]!.document]);
  app.moveClock(3_600_000);
  await passUntil('the end', async () => (await crashes()) === 0);
  expect((await checks()).at(-1)?.body).toMatchObject({ passed: true });
  expect(await listAccounts(sp)).toHaveLength(1);
});
