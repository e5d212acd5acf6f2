import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Account_State, ExplainAccessResponse_Cause as Cause } from '@autoprov/proto';
import { plainCompany } from '@autoprov/testing';
import type { DirectoryCommand, Network } from '@autoprov/testing';
import { findDifferences, writesAfter } from './judge.ts';
import { listFailures } from './list-failures.ts';
import { app, call, customer, installApp, startCompany } from './start-company.ts';

const group = 'wiki@example.com';
const always = 1_000_000;
const unavailable = { status: 503, reason: 'backendError' };

let network: Network;

beforeAll(async () => {
  // Two pages of users; the members of the group are on both.
  const people = { ...plainCompany({ users: 620 }), accessGroup: group };
  network = await startCompany('broken-reads', { people, env: { 'directory-reader': { GOOGLE_RETRY_MS: '1000' } } });
  network.directory.run({ do: 'addGroup', email: group });
  const users = [...people.state.users.keys()];
  for (const user of [...users.slice(0, 15), ...users.slice(-15)]) {
    network.directory.run({ do: 'addMember', group, user });
  }
  await installApp(network);
  await network.settle();
});

afterAll(() => network?.stop());

const readStatus = () => network.clients.directory.getReadStatus({ customer }, call);

test('everybody in the group has an account before anything breaks', async () => {
  expect(await findDifferences(network)).toEqual([]);
  expect(await network.serviceProvider.list()).toHaveLength(30);
});

describe.each<[name: string, fault: DirectoryCommand, part: string, code: string]>([
  [
    'a page that fails until the reader gives up',
    { do: 'failPage', page: 2, ...unavailable, times: always },
    'users',
    '50001',
  ],
  ['a 200 without its users key', { do: 'dropUsersKey', page: 2, times: always }, 'users', '50001'],
  ['a first page without its users key', { do: 'dropUsersKey', page: 1, times: always }, 'users', '50001'],
  ['a page that breaks off', { do: 'truncatePage', page: 2, times: always }, 'users', '50001'],
  ['a page token that comes again', { do: 'repeatPageToken', page: 2, times: always }, 'users', '50001'],
  [
    "a group's members that can't be read",
    { do: 'failPage', kind: 'membersList', ...unavailable, times: always },
    `groups/${group}`,
    '50003',
  ],
])('%s', (_, fault, part, code) => {
  test('takes access from nobody, and is reported', async () => {
    expect(await writesAfter(network, () => network.directory.run(fault))).toEqual([]);
    expect((await readStatus()).incompleteParts).toMatchObject([{ part, code }]);
    expect(await listFailures(network)).toMatchObject([{ code, customer, source: 'directory-reader' }]);
  });

  test('is forgotten after the next whole read', async () => {
    expect(await writesAfter(network, () => network.directory.run({ do: 'clearFaults' }))).toEqual([]);
    expect((await readStatus()).incompleteParts).toEqual([]);
    expect(await listFailures(network)).toEqual([]);
  });
});

test.each<[name: string, fault: DirectoryCommand]>([
  ['a list of users that ends early', { do: 'endListEarly', page: 1 }],
  ['a list of users that ends early twice', { do: 'endListEarly', page: 1, times: 2 }],
  ['a list of members without its members key', { do: 'dropUsersKey', kind: 'membersList' }],
])('%s takes access from nobody: who is missing is asked for', async (_, fault) => {
  expect(await writesAfter(network, () => network.directory.run(fault))).toEqual([]);
  expect(await readStatus()).toMatchObject({ incompleteParts: [], presentCount: 620n });
});

test('what a broken read did see arrives, and what it did not see arrives with the next whole one', async () => {
  const { directory, people } = network;
  const [first, last] = [[...people.state.users.keys()].at(0)!, [...people.state.users.keys()].at(-1)!];
  directory.run({ do: 'failPage', page: 2, ...unavailable, times: always });
  const changes = (): void => {
    directory.run({ do: 'rename', user: first, familyName: 'Seen' });
    directory.run({ do: 'suspend', user: last });
  };
  expect(await writesAfter(network, changes)).toHaveLength(1);
  const meanwhile = new Date();
  expect(await writesAfter(network, () => directory.run({ do: 'clearFaults' }))).toHaveLength(1);
  // Why did they still have access then?
  const user = `customers/acme/users/${last}`;
  const answer = await network.clients.push.explainAccess({ app, user, asOf: meanwhile }, call);
  expect(answer).toMatchObject({ state: Account_State.STATE_ACTIVE, cause: Cause.CAUSE_READ_INCOMPLETE });
  expect(answer.explanation).toMatch(
    / users, last whole at .* could not be read whole \(50001\) .* active becomes suspended/,
  );
  expect(await findDifferences(network, { provisionedBefore: [last] })).toEqual([]);
});
