import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MatchingPolicy, MatchingPolicy_OnForeignExternalId } from '@autoprov/proto';
import { callScim, plainCompany } from '@autoprov/testing';
import type { Network } from '@autoprov/testing';
import { countWrites } from './judge.ts';
import { runAutoprov, runAutoprovWith } from './run-process.ts';
import { installApp, startCompany } from './start-company.ts';

const size = 12;
const there = 9;
const tokenVariable = 'CUTOVER_TEST_TOKEN';

let network: Network;

/** Another provisioner has made accounts for most, under an id of its own, and one for somebody whom nobody knows. */
beforeAll(async () => {
  network = await startCompany('cutover', {
    people: plainCompany({ users: size, groups: 1, membersPerGroup: size }),
    serviceProvider: { kind: 'scimmy' },
  });
  const users = [...network.people.state.users.values()].slice(0, there);
  const accounts = [
    ...users.map(({ primaryEmail }, i) => ({
      userName: primaryEmail,
      externalId: `00u${String(i).padStart(17, 'x')}`,
    })),
    { userName: 'root', externalId: 'root' },
  ];
  for (const account of accounts) {
    const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];
    const { status } = await callScim(network.serviceProvider.access, 'POST', '/Users', {
      schemas,
      active: true,
      ...account,
    });
    expect(status).toBe(201);
  }
  await network.serviceProvider.run({ do: 'resetCounts' });
});

afterAll(() => network?.stop());

async function autoprov(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runAutoprov(network, ...args);
  if (exitCode !== 0) throw new Error(`autoprov ${args.join(' ')} ended with ${exitCode}: ${stderr}`);
  return stdout;
}

test('"probe" tells what a service provider can do before any app is installed, with a draft of a template', async () => {
  const { baseUrl, token } = network.serviceProvider.access;
  process.env[tokenVariable] = token;
  try {
    const draft = JSON.parse(await autoprov('probe', baseUrl, '--token-env', tokenVariable, '--template')) as object;
    expect(draft).toMatchObject({ version: 1, endpoint: { urlTemplate: baseUrl } });
    const told = await autoprov('probe', baseUrl, '--token-env', tokenVariable);
    expect(told).toMatch(/accounts can be read +yes\n[^]*accounts +10\n/);
  } finally {
    delete process.env[tokenVariable];
  }
  expect(await countWrites(network)).toBe(0);
});

test('under a hold the app is activated, read and reported, and nothing is written; after it just what was shown', async () => {
  await autoprov('hold', 'writes', '--all', '--reason', 'cut-over');
  const { ON_FOREIGN_EXTERNAL_ID_OVERWRITE: onForeignExternalId } = MatchingPolicy_OnForeignExternalId;
  await installApp(network, { matching: { ...MatchingPolicy.fromPartial({}), onForeignExternalId } });
  await network.settle({ read: false });
  const { totals } = JSON.parse(await autoprov('adopt', '--app', 'wiki', '--json')) as { totals: object };
  expect(totals).toMatchObject({
    adopts: String(there),
    equal: '0',
    held: '0',
    creates: String(size - there),
    externalIdOrigins: { 'okta user id': String(there) },
    unmatchedAccounts: '1',
  });
  expect(await autoprov('adopt', '--app', 'wiki')).toMatch(/\n *1 accounts match nobody in scope[^]*root/);
  expect(await countWrites(network)).toBe(0);

  await autoprov('release', 'writes', '--all');
  await network.settle();
  const { byMethod } = await network.serviceProvider.counts();
  expect(byMethod).toMatchObject({ POST: size - there, PATCH: there });
  expect(byMethod).not.toHaveProperty('DELETE');
  const accounts = await network.serviceProvider.list();
  expect(accounts).toHaveLength(size + 1);
  expect(accounts.filter(({ externalId }) => externalId?.startsWith('00u'))).toEqual([]);
});

test('afterwards a second writer is found by "compare", and the links are the same once they were exported and imported', async () => {
  const { access } = network.serviceProvider;
  const [changed] = await network.serviceProvider.list();
  const patch = { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'] };
  const Operations = [{ op: 'replace', path: 'externalId', value: '00u1ab2cd3EF4gh5IJ6k' }];
  await callScim(access, 'PATCH', `/Users/${changed!.id}`, { ...patch, Operations });
  const before = await countWrites(network);
  const { comparison, findings } = JSON.parse(await autoprov('compare', '--app', 'wiki', '--json')) as {
    comparison: object;
    findings: object[];
  };
  expect(comparison).toMatchObject({
    complete: true,
    comparedCount: String(size),
    driftedCount: '1',
    orphanCount: '1',
    secondWriters: { 'okta user id': '1' },
  });
  expect(findings[0]).toMatchObject({ scimId: changed!.id, attribute: 'externalId', found: '00u1ab2cd3EF4gh5IJ6k' });
  expect(await autoprov('status')).toContain('1 changed by others, 0 missing, 0 unlinked, 1 orphans');
  const lines = await autoprov('links', 'export', '--app', 'wiki');
  expect(lines.trim().split('\n')).toHaveLength(size);
  const again = await runAutoprovWith(network, lines, 'links', 'import', '--app', 'wiki');
  expect(again).toMatchObject({
    exitCode: 0,
    stderr: '',
    stdout: expect.stringContaining(`${size} were there already`),
  });
  expect(await countWrites(network)).toBe(before);
});
