import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  DeprovisioningPolicy,
  FailureFilter,
  TimelineEntry_Kind as Kind,
  type ProvisionUsersResponse,
  type PushedGroup,
} from '@autoprov/proto';
import { callScim, examplePeople, waitUntil } from '@autoprov/testing';
import type { GoogleUser, Network } from '@autoprov/testing';
import { findDifferences, writesAfter } from './judge.ts';
import { app, call, customer, installApp, setup, startCompany } from './start-company.ts';

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

type ScimGroup = { id: string; displayName: string; members?: { value: string }[] };

/** The group at the service provider with this name; undefined: there is none. */
async function groupCalled(displayName: string): Promise<ScimGroup | undefined> {
  const { body } = await callScim(network.serviceProvider.access, 'GET', '/Groups?startIndex=1&count=100');
  return (body as { Resources?: ScimGroup[] }).Resources?.find((one) => one.displayName === displayName);
}

async function pushGroups(...pushedGroups: PushedGroup[]): Promise<void> {
  const { config } = network.clients;
  const { setup: current } = await config.getSetup({ name: setup }, call);
  const wanted = { ...current!, pushedGroups };
  await config.updateSetup({ setup: wanted, updateMask: ['pushed_groups'], validateOnly: false, requestId: '' }, call);
}

test('a group that is pushed arrives with its members, and who joins it is added by one write', async () => {
  const groupIsThere = async () => (await network.clients.push.getAppStatus({ app }, call)).groupCount === 1n;
  await pushGroups({ group, displayName: 'Sales' });
  await waitUntil('the group to be read and pushed', groupIsThere, Date.now() + 60_000);
  await network.settle();
  const members = async () => (await groupCalled('Sales'))!.members!.map(({ value }) => value);
  const before = await members();
  expect(before).toContain((await accountOf(renamed))!.id);
  expect(before).not.toContain((await accountOf(leaver))!.id);
  const hire = { ...newcomer, primaryEmail: 'nils@example.com' };
  // The account, and the membership.
  const writes = await writesAfter(network, () => network.directory.run({ do: 'hire', ...hire }));
  expect(writes).toEqual(['POST 201', 'PATCH 200']);
  expect(await members()).toHaveLength(before.length + 1);
  expect(await writesAfter(network, () => {})).toEqual([]);
});

test('a group that cannot be made is a failure of the group, until it is there', async () => {
  const { failures, push } = network.clients;
  const taken = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName: 'All', externalId: 'okta-1' };
  await callScim(network.serviceProvider.access, 'POST', '/Groups', taken);
  const all = network.people.accessGroup;
  await pushGroups({ group, displayName: 'Sales' }, { group: all, displayName: 'All' });
  await network.settle();
  const ofGroups = async () => {
    const filter = FailureFilter.fromPartial({ app, code: '45003', reason: 'DUPLICATE' });
    const question = { parent: customer, filter, pageSize: 100, pageToken: '' };
    const { failures: listed } = await failures.listFailures(question, call);
    return listed.filter(({ group: name }) => name !== '');
  };
  expect(await ofGroups()).toMatchObject([{ group: `${customer}/groups/${all}`, user: '', app }]);
  await callScim(network.serviceProvider.access, 'DELETE', `/Groups/${(await groupCalled('All'))!.id}`);
  await push.retryFailing({ app, users: [], code: '45003', reason: 'DUPLICATE' }, call);
  await network.settle({ read: false });
  expect(await ofGroups()).toEqual([]);
  expect((await groupCalled('All'))!.members!.length).toBeGreaterThan(0);
});
