import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { DirectoryUser_State } from '@autoprov/proto';
import { plainPeople } from '@autoprov/testing';
import { startReaderNetwork } from '../reader-network.fixture.ts';

const parent = 'customers/acme';
const call = { timeoutMs: 5_000 };
let network: Awaited<ReturnType<typeof startReaderNetwork>>;

beforeEach(async () => {
  network = await startReaderNetwork({ people: plainPeople({ users: 20 }) });
  network.config.put(`${parent}/apps/crm`, { groups: [] });
});
afterEach(() => network[Symbol.asyncDispose]());

const read = async (...keys: string[]) => {
  const names = keys.map((key) => `${parent}/users/${key}`);
  return (await network.client().readUsers({ parent, names }, call)).users;
};
const idOf = (email: string) =>
  [...network.directory.state.users.values()].find((user) => user.primaryEmail === email)!.id;

test('a user who is read now is announced at once, with the seq that the answer says, and nobody else is read', async () => {
  await network.read();
  network.directory.run({ do: 'rename', user: 'user000007@example.com', familyName: 'Newname' });
  const before = (await network.status()).requestCounts;
  const [user] = await read('user000007@example.com');
  const { users, events } = await network.takePublished();
  expect(users).toMatchObject([{ name: user!.name, attributes: { name: { familyName: 'Newname' } } }]);
  expect(events[0]!.seq).toBe(user!.seq);
  const after = (await network.status()).requestCounts;
  expect(after).toEqual({ ...before, hurried: (before['hurried'] ?? 0n) + 1n });
  // And what is told already is not told again.
  expect(await read('user000007@example.com')).toEqual([{ ...user, asked: `${parent}/users/user000007@example.com` }]);
  expect((await network.takePublished()).events).toEqual([]);
});

test('who was deleted, who has just come and whom nobody knows are told apart', async () => {
  await network.read();
  const gone = idOf('user000003@example.com');
  network.directory.run({ do: 'delete', user: gone });
  network.directory.run({ do: 'hire', primaryEmail: 'nora@example.com', givenName: 'Nora', familyName: 'New' });
  const answers = await read(gone, 'nora@example.com', 'nobody@example.com');
  expect(answers).toMatchObject([
    { name: `${parent}/users/${gone}`, problem: '' },
    { name: `${parent}/users/${idOf('nora@example.com')}`, problem: '' },
    { name: '', seq: 0n, problem: '' },
  ]);
  const { users } = await network.takePublished();
  const stateOf = (id: string) => users.find(({ name }) => name.endsWith(`/${id}`))?.state;
  expect(stateOf(gone)).toBe(DirectoryUser_State.STATE_DELETED);
  expect(stateOf(idOf('nora@example.com'))).toBe(DirectoryUser_State.STATE_ACTIVE);
});

test('who can not be read is answered as last known, with why, and keeps nobody else from it', async () => {
  await network.read();
  const key = idOf('user000002@example.com');
  network.directory.run({ do: 'failPage', kind: 'usersGet', key, status: 403, reason: 'forbidden', times: 9 });
  const answers = await read('user000002@example.com', 'user000003@example.com');
  expect(answers.map(({ name }) => name)).toEqual(
    ['user000002@example.com', 'user000003@example.com'].map((email) => `${parent}/users/${idOf(email)}`),
  );
  expect(answers.map(({ problem }) => problem !== '')).toEqual([true, false]);
});
