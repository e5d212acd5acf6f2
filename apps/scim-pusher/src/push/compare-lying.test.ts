import { expect, test } from '@jest/globals';
import { ComparisonPolicy, ComparisonPolicy_Action, GetComparisonRequest } from '@autoprov/proto';
import { compareAccounts } from '../rpc/compare-accounts.ts';
import { getComparison } from '../rpc/get-comparison.ts';
import { makeTls, startAnswering, type GivenAnswer } from '../rpc/answering-server.fixture.ts';
import { leftAccount } from './adopt.fixture.ts';
import { patient, startTestApp } from './test-app.fixture.ts';
import { stopAfterEach } from './stop-after-each.fixture.ts';

const started = stopAfterEach();

const app = 'customers/acme/apps/crm';
const ids = ['10', '11', '12', '13'];
type Resource = Record<string, unknown>;
const accounts: Resource[] = ids.map((id) => ({ ...leftAccount(id), id: `a${id}`, title: 'Engineer' }));
const listOf = (Resources: Resource[], totalResults: number) => ({ status: 200, body: { totalResults, Resources } });
const repair = { comparison: { ...ComparisonPolicy.fromPartial({}), action: ComparisonPolicy_Action.ACTION_REPAIR } };

/** People linked to accounts of a service provider that is honest at first, and one comparison once it lies. */
async function compareLies(lie: { list: () => GivenAnswer; one?: (id: string) => GivenAnswer }) {
  const tls = await makeTls();
  let lies = false;
  const honest = (path: string): GivenAnswer => {
    const [, id] = /^\/Users\/(\w+)$/.exec(path) ?? [];
    if (id === undefined)
      return path.startsWith('/Users') ? listOf(accounts, accounts.length) : { status: 404, body: {} };
    const found = accounts.find((account) => account['id'] === id);
    return found ? { status: 200, body: found } : { status: 404, body: {} };
  };
  const sp = await startAnswering(tls, (path) => {
    if (!lies) return honest(path);
    const [, id] = /^\/Users\/(\w+)$/.exec(path) ?? [];
    if (id === undefined) return path.startsWith('/Users') ? lie.list() : honest(path);
    return lie.one?.(id) ?? honest(path);
  });
  started.push(sp);
  const testApp = await startTestApp(sp, { ...patient, retryForMs: 0 }, tls.ca);
  started.push(testApp);
  await testApp.configure(repair);
  await testApp.read(ids.map((id) => ({ id, title: 'Engineer' })));
  await testApp.push();
  lies = true;
  await compareAccounts(testApp.ctx, { app });
  for (let i = 0; i < 5; i++) await testApp.push();
  expect(sp.asked.filter((asked) => !asked.startsWith('GET'))).toEqual([]);
  return getComparison(testApp.ctx, GetComparisonRequest.fromPartial({ app }));
}

test('a list that is shorter than its own count says nothing of what is missing or belongs to nobody', async () => {
  const orphan = { ...leftAccount('91'), id: 'a91' };
  const { comparison, findings } = await compareLies({
    list: () => listOf([orphan, ...accounts.slice(2)], 5),
    one: (id) => (id === 'a10' ? { status: 404, body: {} } : undefined),
  });
  expect(comparison).toMatchObject({ complete: false, missingCount: 0n, orphanCount: 0n });
  expect(comparison?.explanation).toContain('says that there are 5');
  expect(findings).toEqual([]);
});

test('a list that leaves out an account that is there says nothing', async () => {
  const orphan = { ...leftAccount('91'), id: 'a91' };
  const { comparison, findings } = await compareLies({ list: () => listOf([...accounts.slice(1), orphan], 4) });
  expect(comparison).toMatchObject({ complete: false, missingCount: 0n, orphanCount: 0n });
  expect(comparison?.explanation).toContain('a10 is there');
  expect(findings).toEqual([]);
});

test('an attribute that the list does not show is no drift, and is asked for once and not for each account', async () => {
  const { comparison, findings } = await compareLies({
    list: () =>
      listOf(
        accounts.map((account) => ({ ...account, title: undefined })),
        4,
      ),
  });
  expect(comparison).toMatchObject({ complete: true, driftedCount: 0n, unlistedAttributes: ['title'] });
  expect(findings).toEqual([]);
});

test('what is no list, and accounts of any shape, end a comparison and nothing else', async () => {
  expect((await compareLies({ list: () => ({ status: 200, body: ['x', 1] }) })).comparison).toMatchObject({
    missingCount: 0n,
    complete: false,
  });
  const odd = accounts.map((account) => ({
    ...account,
    meta: 'x',
    emails: [null, 'x', { type: 'work', value: { deep: 1 } }],
    name: ['x'],
    active: 'FALSE',
  }));
  const { comparison } = await compareLies({
    list: () => listOf(odd, 4),
    one: () => ({ status: 200, body: ['no account'] }),
  });
  expect(comparison).toMatchObject({ complete: true, driftedCount: 0n, comparedCount: 0n });
});
