import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DeprovisioningPolicy, TimelineEntry_Kind as Kind, type ProvisionUsersResponse } from '@autoprov/proto';
import { examplePeople } from '@autoprov/testing';
import type { GoogleUser, Network } from '@autoprov/testing';
import { findDifferences, writesAfter } from './judge.ts';
import { app, customer, installApp, startCompany } from './start-company.ts';

const group = 'everyone-sales@example.com';
const newcomer = { primaryEmail: 'nora@example.com', givenName: 'Nora', familyName: 'Newcomer', groups: [group] };
const change = /^(PATCH|PUT) 2/;

let network: Network;
let renamed: GoogleUser;
let moved: GoogleUser;
let suspended: GoogleUser;
let leaver: GoogleUser;
let deleted: GoogleUser;

beforeAll(async () => {
  network = await startCompany('lifecycle', { people: examplePeople({ users: 40 }) });
  const hire = (name: string) =>
    network.directory.run({
      do: 'hire',
      primaryEmail: `${name}@example.com`,
      givenName: name,
      familyName: 'Person',
      groups: [group],
    });
  renamed = hire('renamed');
  moved = hire('moved');
  suspended = hire('suspended');
  leaver = hire('leaver');
  deleted = hire('deleted');
  await installApp(network, { deprovisioning: DeprovisioningPolicy.fromPartial({ deleted: { deleteAfter: {} } }) });
});

afterAll(() => network?.stop());

/** What is not as demanded, when these people have had an account and lost the right to it. */
function differences(...provisionedBefore: GoogleUser[]): Promise<string[]> {
  return findDifferences(network, {
    provisionedBefore: provisionedBefore.map(({ id }) => id),
    deprovisioning: { deleted: 'delete' },
    refused: network.people.troubledPeople.map(({ user }) => user.id),
  });
}

async function accountOf({ id }: GoogleUser) {
  return (await network.serviceProvider.list()).find(({ externalId }) => externalId === id);
}

test('the first sync brings the service provider to what the directory demands', async () => {
  await network.settle();
  expect(await differences()).toEqual([]);
});

test('a pass with nothing changed writes nothing', async () => {
  expect(await writesAfter(network, () => {})).toEqual([]);
});

test('a hire arrives as one create', async () => {
  expect(await writesAfter(network, () => network.directory.run({ do: 'hire', ...newcomer }))).toEqual(['POST 201']);
  expect(await differences()).toEqual([]);
});

test('a rename arrives as one change', async () => {
  const rename = { do: 'rename', user: renamed.id, familyName: 'Newname' } as const;
  expect(await writesAfter(network, () => network.directory.run(rename))).toEqual([expect.stringMatching(change)]);
  expect(await differences()).toEqual([]);
});

test('a new primary address arrives as one change, and the account keeps its id', async () => {
  const before = await accountOf(moved);
  const move = { do: 'changePrimaryAddress', user: moved.id, to: 'new.address@example.com' } as const;
  expect(await writesAfter(network, () => network.directory.run(move))).toEqual([expect.stringMatching(change)]);
  expect(await differences()).toEqual([]);
  expect(await accountOf(moved)).toMatchObject({ id: before!.id, userName: 'new.address@example.com' });
});

test('somebody who is provisioned now is read, pushed and told of within five seconds, and others are not read', async () => {
  const { clients, directory } = network;
  const renameAgain = { do: 'rename', user: renamed.id, familyName: 'Nowname' } as const;
  const answers: ProvisionUsersResponse[] = [];
  const users = [`${customer}/users/renamed@example.com`, `${customer}/users/nobody@example.com`];
  let tookMs = 0;
  const provision = async () => {
    directory.run(renameAgain);
    const startMs = performance.now();
    for await (const answer of clients.push.provisionUsers({ app, users }, { timeoutMs: 30_000 })) answers.push(answer);
    tookMs = performance.now() - startMs;
  };
  expect(await writesAfter(network, provision)).toEqual([expect.stringMatching(change)]);
  expect(tookMs).toBeLessThan(5_000);
  expect(answers).toMatchObject([
    { user: users[1], done: false, explanation: expect.stringContaining('Google knows nobody') },
    { user: `${customer}/users/${renamed.id}`, done: true, explanation: 'in step' },
  ]);
  expect(answers[1]!.steps.map(({ kind }) => kind)).toEqual([Kind.KIND_DIRECTORY_CHANGED, Kind.KIND_ACCEPTED]);
});

test('a suspension arrives as one change', async () => {
  const suspend = { do: 'suspend', user: suspended.id } as const;
  expect(await writesAfter(network, () => network.directory.run(suspend))).toEqual([expect.stringMatching(change)]);
  expect(await differences(suspended)).toEqual([]);
});

test('a return arrives as one change', async () => {
  const unsuspend = { do: 'unsuspend', user: suspended.id } as const;
  expect(await writesAfter(network, () => network.directory.run(unsuspend))).toEqual([expect.stringMatching(change)]);
  expect(await differences()).toEqual([]);
});

test('somebody who leaves the group is suspended by one change', async () => {
  const leave = { do: 'removeMember', group, user: leaver.id } as const;
  expect(await writesAfter(network, () => network.directory.run(leave))).toEqual([expect.stringMatching(change)]);
  expect(await differences(leaver)).toEqual([]);
});

test('somebody who is deleted is deleted by one request where the policy says so', async () => {
  const remove = { do: 'delete', user: deleted.id } as const;
  expect(await writesAfter(network, () => network.directory.run(remove))).toEqual(['DELETE 204']);
  expect(await differences(leaver)).toEqual([]);
});

test('after all that, a pass with nothing changed writes nothing', async () => {
  expect(await writesAfter(network, () => {})).toEqual([]);
});
