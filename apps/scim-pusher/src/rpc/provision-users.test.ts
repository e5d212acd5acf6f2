import { expect, test } from '@jest/globals';
import { Hold_What, type ProvisionUsersResponse } from '@autoprov/proto';
import { listAccounts, startScimmy } from '@autoprov/testing';
import { startTestApp, type TestApp } from '../push/test-app.fixture.ts';
import { placeHold } from './place-hold.ts';
import { provisionUsers } from './provision-users.ts';
import { stopAfterEach } from '../push/stop-after-each.fixture.ts';

const started = stopAfterEach();

const name = 'customers/acme/apps/crm';
const user = (id: string) => `customers/acme/users/${id}`;
const people = Array.from({ length: 120 }, (_, i) => ({ id: String(1_000 + i) }));
const last = people.at(-1)!.id;

/** An app whose people have been read, and a reader that knows them. */
async function start() {
  const sp = await startScimmy({ uniqueness: true });
  started.push(sp);
  const app = await startTestApp(sp, { httpTimeoutMs: 20_000, leaseMs: 60_000 });
  started.push(app);
  app.ctx.directory = {
    listReadGaps: async () => ({ gaps: [] }),
    readUsers: async ({ names }: { names: string[] }) => ({
      users: names.map((asked) => ({ asked, name: asked, seq: 1n, problem: '' })),
    }),
  } as never;
  await app.configure({}, { maxRequestsPerSecond: 20 });
  await app.read(people);
  return { sp, app };
}

async function provision(app: TestApp, ids: string[], timeoutMs = 20_000) {
  const call = { signal: new AbortController().signal, deadline: new Date(Date.now() + timeoutMs) };
  const answers: ProvisionUsersResponse[] = [];
  for await (const answer of provisionUsers(app.ctx, { app: name, users: ids.map(user) }, call)) answers.push(answer);
  return answers;
}

test('whoever is provisioned now goes before the rest of a first sync that is under way', async () => {
  const { sp, app } = await start();
  const pass = app.push();
  const answers = await provision(app, [last]);
  expect(answers).toMatchObject([{ user: user(last), done: true, explanation: 'in step', account: { state: 1 } }]);
  const accounts = await listAccounts(sp);
  expect(accounts.map(({ externalId }) => externalId)).toContain(last);
  expect(accounts.length).toBeLessThan(people.length);
  await pass;
  expect(await listAccounts(sp)).toHaveLength(people.length);
});

test('while writes are held nobody is provisioned, and the answer says by whom and why', async () => {
  const { sp, app } = await start();
  const ann = { caller: 'cli', person: 'ann@acme.example' };
  await placeHold(app.ctx, { parent: name, what: Hold_What.WHAT_WRITES, reason: 'an audit' }, ann);
  const [answer] = await provision(app, [last], 2_000);
  expect(answer).toMatchObject({ done: false, explanation: expect.stringContaining('ann@acme.example') });
  expect(await listAccounts(sp)).toEqual([]);
});

test('while the directory can not be read people are provisioned as they were read last, and that is said', async () => {
  const { app } = await start();
  app.ctx.directory = { listReadGaps: async () => ({ gaps: [] }) } as never;
  const pass = app.push();
  const [answer] = await provision(app, [last]);
  await pass;
  expect(answer).toMatchObject({ done: true, explanation: expect.stringContaining('could not be read now') });
});
