import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { rpcErrorOf } from '@autoprov/grpc';
import { MembershipEdge_MemberKind } from '@autoprov/proto';
import { findUser, plainPeople } from '@autoprov/testing';
import { startReaderNetwork } from '../reader-network.fixture.ts';

const within = { timeoutMs: 10_000 };
const acme = 'customers/acme';
const [sales, emea, uk, all] = ['sales', 'emea', 'uk', 'all'].map((name) => `${name}@example.com`);
const [ada, ben, cyd] = [3, 4, 5].map((number) => `user00000${number}@example.com`);
const KIND = MembershipEdge_MemberKind;
let network: Awaited<ReturnType<typeof startReaderNetwork>>;

beforeAll(async () => {
  network = await startReaderNetwork({ people: plainPeople({ users: 10 }) });
  const { directory } = network;
  for (const email of [sales!, emea!, uk!, all!]) directory.run({ do: 'addGroup', email });
  directory.run({ do: 'addMember', group: sales!, nested: emea! });
  directory.run({ do: 'addMember', group: emea!, nested: uk! });
  directory.run({ do: 'addMember', group: uk!, nested: sales! });
  directory.run({ do: 'addMember', group: uk!, user: ada! });
  directory.run({ do: 'addMember', group: emea!, user: ben! });
  directory.run({ do: 'addMember', group: all!, everybody: true });
  network.config.put(`${acme}/apps/crm`, { groups: ['Sales@example.com', all!] });
  await network.read();
});
afterAll(() => network[Symbol.asyncDispose]());

const idOf = (user: string) => findUser(network.directory.state, user)!.id;
const ask = (user: string, group: string) =>
  network.client().explainMembership({ name: `${acme}/users/${user}`, group }, within);
const explain = async (user: string, group: string) => (await ask(user, group)).membership!;

test('the way through nested groups is shown edge by edge, by their addresses, although they are in a cycle', async () => {
  expect(await explain(ada!, sales!)).toMatchObject({
    user: `${acme}/users/${idOf(ada!)}`,
    group: 'Sales@example.com',
    isMember: true,
    path: [
      { group: 'Sales@example.com', memberKind: KIND.MEMBER_KIND_GROUP, member: emea },
      { group: emea, memberKind: KIND.MEMBER_KIND_GROUP, member: uk },
      { group: uk, memberKind: KIND.MEMBER_KIND_USER, member: idOf(ada!) },
    ],
    completeTime: expect.any(Date),
    groups: [
      { group: 'Sales@example.com', depth: 0, complete: true, completeReadNo: expect.any(BigInt) },
      { group: emea, depth: 1, complete: true },
      { group: uk, depth: 2, complete: true },
    ],
  });
});

test('everybody in the directory is a member of its own kind', async () => {
  expect(await explain(cyd!, all!)).toMatchObject({
    isMember: true,
    explanation: 'in it directly, with everybody in the directory',
    path: [{ group: all, memberKind: KIND.MEMBER_KIND_EVERYBODY, member: '' }],
  });
});

test('who is in none of the groups is told how many were looked at', async () => {
  const { isMember, path, explanation } = await explain(cyd!, sales!);
  expect([isMember, path, explanation]).toEqual([false, [], 'none of the 3 groups looked at has the user as a member']);
});

test('a nested group that could not be read is named, and who was in it stays', async () => {
  const { directory } = network;
  const key = [...directory.state.groups.values()].find(({ email }) => email === uk)!.id;
  directory.run({ do: 'removeMember', group: uk!, user: ada! });
  directory.run({ do: 'failPage', kind: 'membersList', key, status: 503, reason: 'backendError', times: 1 });
  await network.read();
  const membership = await explain(cyd!, sales!);
  expect(membership.explanation).toMatch(/; 1 of them could not be read whole by the last read$/);
  expect(membership.groups.filter(({ complete }) => !complete).map(({ group }) => group)).toEqual([uk]);
  expect(await explain(ada!, sales!)).toMatchObject({ isMember: true });
  await network.read();
  expect(await explain(ada!, sales!)).toMatchObject({ isMember: false });
});

test('nobody is explained who is not in the mirror, and no group that no setup names', async () => {
  const failure = (call: Promise<unknown>) => call.then(() => undefined, rpcErrorOf);
  for (const call of [ask('nobody@example.com', sales!), ask(ada!, uk!)]) {
    expect(await failure(call)).toMatchObject({ reason: 'RESOURCE_NOT_FOUND' });
  }
});
