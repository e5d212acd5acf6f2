import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { examplePeople } from '@autoprov/testing';
import type { Network } from '@autoprov/testing';
import { findDifferences } from './judge.ts';
import { runAutoprov } from './run-process.ts';
import { startCompany } from './start-company.ts';

let network: Network;
let file: string;

beforeAll(async () => {
  network = await startCompany('cli', { people: examplePeople({ users: 40 }) });
  // The file of `npm start`, with the address of this service provider; it names its secrets beside itself.
  const example = readFileSync(new URL('../../../docs/examples/example.yaml', import.meta.url), 'utf8');
  file = join(network.dir, 'example.yaml');
  writeFileSync(file, example.replace('https://wiki.example.com/scim/v2', network.serviceProvider.access.baseUrl));
});

afterAll(() => network?.stop());

async function json(...args: string[]): Promise<unknown> {
  const { exitCode, stdout, stderr } = await runAutoprov(network, ...args, '--json');
  if (exitCode !== 0) throw new Error(`autoprov ${args.join(' ')} ended with ${exitCode}: ${stderr}`);
  return JSON.parse(stdout);
}

test('"apply" makes what the example file says, and nothing the second time', async () => {
  expect(await json('apply', file)).toEqual(
    expect.arrayContaining([expect.objectContaining({ name: 'customers/example/apps/wiki/setup', change: 'created' })]),
  );
  const again = (await json('apply', file)) as { change: string }[];
  expect(new Set(again.map(({ change }) => change))).toEqual(new Set(['unchanged']));
});

test('"sync" waits until the app is in step, and says with exit code 1 that some people fail', async () => {
  const { exitCode, stdout, stderr } = await runAutoprov(network, 'sync', '--json');
  expect(exitCode).toBe(1);
  expect(stderr).toContain('some people fail: see "autoprov failures"');
  expect(JSON.parse(stdout)).toEqual([
    expect.objectContaining({ app: 'customers/example/apps/wiki', state: 'in step', failingCount: 5, settled: true }),
  ]);
  const refused = network.people.troubledPeople.map(({ user }) => user.id);
  expect(await findDifferences(network, { refused })).toEqual([]);
});

test('"status" says how the app stands, by three services', async () => {
  await network.settle();
  const accounts = (await network.serviceProvider.list()).length;
  expect(await json('status')).toEqual([
    {
      app: 'customers/example/apps/wiki',
      status: expect.objectContaining({
        state: 'STATE_IN_STEP',
        failingCount: '5',
        // One account at the service provider is another provisioner's.
        activeCount: String(accounts - 1),
      }),
      counters30Days: expect.objectContaining({
        created: String(accounts - 1),
        failed: { 45003: '2', 45006: '2', 45016: '1' },
      }),
      read: expect.objectContaining({ presentCount: '40', incompleteParts: [] }),
    },
  ]);
});

test('"failures" lists who fails, why and what to do', async () => {
  const failures = (await json('failures')) as Record<string, string>[];
  expect(failures.map(({ primaryEmail, code, reason }) => `${primaryEmail} ${code} ${reason}`).sort()).toEqual(
    network.people.troubledPeople.map(({ user, code, reason }) => `${user.primaryEmail} ${code} ${reason}`).sort(),
  );
  const { stdout } = await runAutoprov(network, 'failures');
  for (const { user } of network.people.troubledPeople) expect(stdout).toContain(user.primaryEmail);
  expect(stdout).toContain('What to do');
});

test('"explain" says of a person with an account why, and of one without what is wrong', async () => {
  expect(await json('explain', network.people.adminEmail, '--app', 'wiki')).toMatchObject({
    inScope: true,
    scopeExplanation: expect.stringContaining('app-access'),
    account: { state: 'STATE_ACTIVE', origin: 'ORIGIN_CREATED' },
    memberships: [{ group: network.people.accessGroup, isMember: true, path: expect.any(Array) }],
  });
  const { stdout } = await runAutoprov(network, 'explain', network.people.adminEmail, '--app', 'wiki');
  expect(stdout).toMatch(
    new RegExp(`^group +${network.people.accessGroup} → .*${network.people.adminEmail} \\(in it `, 'm'),
  );
  const [tooLong] = network.people.troubledPeople;
  expect(await json('explain', tooLong!.user.primaryEmail, '--app', 'wiki')).toMatchObject({
    inScope: true,
    account: { state: 'STATE_UNSPECIFIED', failureCode: '45006', failureReason: 'VALUE_TOO_LONG' },
    next: { action: 'ACTION_CREATE' },
  });
});

test('"read" waits for a read that begins now, and "reads" shows each part of it', async () => {
  const before = (await json('reads')) as { lastReadNo: string; parts: { part: string }[] };
  expect(before.parts.map(({ part }) => part)).toEqual(['users', `groups/${network.people.accessGroup}`]);
  const after = (await json('read')) as { lastReadNo: string; incompleteParts: unknown[] };
  expect(Number(after.lastReadNo)).toBeGreaterThan(Number(before.lastReadNo));
  const { stdout } = await runAutoprov(network, 'reads');
  expect(stdout).toMatch(/^users +\d+s ago +whole/m);
});

test('"catalogue" explains a code, and lists every code that anybody fails with', async () => {
  expect(await json('catalogue', '45003')).toMatchObject({ id: '45003', scope: 'resource', title: expect.any(String) });
  const ids = ((await json('catalogue')) as { id: string }[]).map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining(network.people.troubledPeople.map(({ code }) => code)));
});

test('a wrong command line ends with 2, and names services that do not answer in one sentence', async () => {
  expect(await runAutoprov(network, 'explain')).toMatchObject({ exitCode: 2 });
  const elsewhere = { ...network, cliEnvironment: { ...network.cliEnvironment, CONFIG_ADDRESS: 'localhost:1' } };
  const { exitCode, stderr } = await runAutoprov(elsewhere, 'status');
  expect(exitCode).toBe(1);
  expect(stderr).toContain('a service cannot be reached');
  expect(stderr).not.toMatch(/\n\s+at /);
});

test('"remove" says what could not be revoked, and "revocations" what is left of it', async () => {
  const { exitCode, stdout, stderr } = await runAutoprov(network, 'remove', '--app', 'wiki');
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringContaining('/apps/wiki is removed') });
  expect(stderr).toContain("couldn't revoke API client access (DELETED_BUT_NOT_REVOKED)");
  expect(await json('revocations')).toMatchObject([{ kind: 'KIND_DELEGATION', clientId: expect.any(String) }]);
});
