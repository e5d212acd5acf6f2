import { expect, test } from '@jest/globals';
import { rpcErrorOf, status } from '@autoprov/grpc';
import { LinkRefusal_Reason as Reason, type ImportLinksRequest, type Link } from '@autoprov/proto';
import {
  callScim,
  commandFront,
  listAccounts,
  readFrontCounts,
  startScimmy,
  type ServiceProvider,
} from '@autoprov/testing';
import { takeLease } from '@autoprov/postgres';
import { patient, startTestApp, type TestApp } from '../push/test-app.fixture.ts';
import { callOf } from './answering-server.fixture.ts';
import { exportLinks } from './export-links.ts';
import { importLinks } from './import-links.ts';
import { stopAfterEach } from '../push/stop-after-each.fixture.ts';

const started = stopAfterEach();

const app = 'customers/acme/apps/crm';
const people = ['10', '11', '12', '13'].map((id) => ({ id, title: 'Engineer' }));
const user = (id: string) => `customers/acme/users/${id}`;

async function startOn(sp: ServiceProvider): Promise<TestApp> {
  const test = await startTestApp(sp, patient);
  started.push(test);
  await test.configure();
  await test.read(people);
  return test;
}

async function startPushed() {
  const sp = await startScimmy({ uniqueness: false });
  started.push(sp);
  const from = await startOn(sp);
  await from.push();
  return { sp, from };
}

async function linksOf(test: TestApp): Promise<Link[]> {
  const links: Link[] = [];
  for await (const part of exportLinks(test.ctx, { app })) links.push(...part.links);
  return links;
}

const importTo = (test: TestApp, links: Link[], how: Partial<ImportLinksRequest> = {}) =>
  importLinks(test.ctx, { app, links, validateOnly: false, trusted: false, ...how }, callOf());

test('links that were exported make another installation go on without a write', async () => {
  const { sp, from } = await startPushed();
  const to = await startOn(sp);
  const links = await linksOf(from);
  expect(links).toHaveLength(4);
  expect(await importTo(to, links, { validateOnly: true })).toMatchObject({ importedCount: 4n, refusals: [] });
  expect(await linksOf(to)).toEqual([]);
  const { writes } = await readFrontCounts(sp);
  expect(await importTo(to, links)).toMatchObject({ importedCount: 4n, refusals: [] });
  expect(await importTo(to, links)).toMatchObject({ importedCount: 0n, unchangedCount: 4n });
  await to.push();
  await to.push();
  expect((await readFrontCounts(sp)).writes).toBe(writes);
  expect((await linksOf(to)).map(({ scimId }) => scimId)).toEqual(links.map(({ scimId }) => scimId));
  await to.read([{ id: '10', title: 'Fellow' }]);
  await to.push();
  expect((await readFrontCounts(sp)).writes).toBe(writes + 1);
});

test('trusted links are believed without a request', async () => {
  const { sp, from } = await startPushed();
  const to = await startOn(sp);
  const { reads } = await readFrontCounts(sp);
  expect(await importTo(to, await linksOf(from), { trusted: true })).toMatchObject({ importedCount: 4n });
  expect((await readFrontCounts(sp)).reads).toBe(reads);
});

test('each link that contradicts what is there is refused by its row, and the others are taken', async () => {
  const { sp, from } = await startPushed();
  const to = await startOn(sp);
  const [ten, eleven, twelve, thirteen] = (await linksOf(from)) as [Link, Link, Link, Link];
  await importTo(to, [ten]);
  await callScim(sp, 'DELETE', `/Users/${thirteen.scimId}`);
  const answer = await importTo(to, [
    { ...ten, scimId: twelve.scimId },
    { ...eleven, scimId: ten.scimId },
    eleven,
    { ...twelve, scimId: eleven.scimId },
    { ...twelve, user: user('99') },
    thirteen,
    { ...twelve, scimId: '..' },
    { ...twelve, trigger: 'bored' },
    { ...twelve, user: 'customers/globex/users/12' },
  ]);
  expect(answer).toMatchObject({ importedCount: 1n, unchangedCount: 0n });
  expect(answer.refusals.map(({ index, reason }) => [index, reason])).toEqual([
    [0, Reason.REASON_USER_LINKED],
    [1, Reason.REASON_ACCOUNT_LINKED],
    [3, Reason.REASON_ACCOUNT_LINKED],
    [4, Reason.REASON_UNKNOWN_USER],
    [5, Reason.REASON_ACCOUNT_MISSING],
    [6, Reason.REASON_INVALID],
    [7, Reason.REASON_INVALID],
    [8, Reason.REASON_INVALID],
  ]);
  expect((await linksOf(to)).map(({ user: name }) => name)).toEqual([user('10'), user('11')]);
  expect(await listAccounts(sp)).toHaveLength(3);
});

test('nothing is imported while the service provider is down, or while a pass goes on', async () => {
  const { sp, from } = await startPushed();
  const to = await startOn(sp);
  const links = await linksOf(from);
  await commandFront(sp, { do: 'fault', effect: 'unauthorized', times: 100 });
  const down = await importTo(to, links).catch(rpcErrorOf);
  expect(down).toMatchObject({ code: status.UNAVAILABLE, reason: 'DEPENDENCY_UNAVAILABLE' });
  await commandFront(sp, { do: 'clearFaults' });
  await takeLease(to.pool, { name: 'app/acme/crm', owner: 'other', ttlMs: 60_000 });
  const busy = await importTo(to, links).catch(rpcErrorOf);
  expect(busy).toMatchObject({ code: status.ABORTED, reason: 'RESOURCE_IN_USE' });
  expect(await linksOf(to)).toEqual([]);
});
