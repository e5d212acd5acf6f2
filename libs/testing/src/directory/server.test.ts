import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { commandDirectory } from './control-client.ts';
import { makeServiceAccountKey } from './directory.ts';
import { googleAuth, googleClient } from './google-client.fixture.ts';
import { plainPeople } from './plain-people.ts';
import { startDirectory } from './server.ts';
import type { ExampleDirectory } from './server.ts';

let directory: ExampleDirectory;
let google: ReturnType<typeof googleClient>;

beforeAll(async () => {
  directory = await startDirectory({ people: plainPeople({ users: 1234, groups: 2, membersPerGroup: 250 }) });
  google = googleClient(directory);
});
beforeEach(() => {
  directory.run({ do: 'clearFaults' });
  directory.run({ do: 'resetCounts' });
});
afterAll(() => directory.stop());

const users = { customer: 'my_customer', maxResults: 500 };

/** Google's client rejects with the answer: its status, and the error's reason. */
async function refusalOf(call: Promise<unknown>): Promise<[number, string]> {
  const error = await call.then(
    () => new Error('it was not refused'),
    (reason: unknown) => reason,
  );
  const { status, data } = (error as { response: { status: number; data: unknown } }).response;
  const answer = data as { error: string | { errors: { reason: string }[] } };
  return [status, typeof answer.error === 'string' ? answer.error : (answer.error.errors[0]?.reason ?? '')];
}

async function listAll(fields?: string) {
  const pages = [];
  let pageToken: string | undefined;
  do {
    const { data } = await google.users.list({ ...users, ...(fields && { fields }), ...(pageToken && { pageToken }) });
    pages.push(data);
    pageToken = data.nextPageToken ?? undefined;
  } while (pageToken);
  return pages;
}

test("Google's own client lists 1,234 users in 3 pages and gets just the fields it asks for", async () => {
  const pages = await listAll('nextPageToken,users(id,name(givenName))');
  expect(pages.map((page) => page.users?.length)).toEqual([500, 500, 234]);
  const all = pages.flatMap((page) => page.users ?? []);
  expect(new Set(all.map(({ id }) => id)).size).toBe(1234);
  expect(all[7]).toEqual({ id: '100000000000000000008', name: { givenName: 'Given' } });
  expect(Object.keys(pages[2] ?? {})).toEqual(['users']);
  expect(directory.run({ do: 'counts' })).toMatchObject({ usersList: 3, token: 1 });
});

test('a page is never longer than 500 users and 200 members', async () => {
  const { data } = await google.users.list({ ...users, maxResults: 9999 });
  const members = await google.members.list({ groupKey: 'group001@example.com', maxResults: 9999 });
  expect([data.users?.length, members.data.members?.length]).toEqual([500, 200]);
});

test('a user removed between two pages makes no other user skipped', async () => {
  const first = await google.users.list(users);
  directory.run({ do: 'delete', user: 'user000003@example.com' });
  const second = await google.users.list({ ...users, pageToken: first.data.nextPageToken ?? '' });
  expect(second.data.users?.[0]?.primaryEmail).toBe('user000501@example.com');
});

test('a token is refused with the error Google has for the cause', async () => {
  const scope = 'https://www.googleapis.com/auth/admin.directory.user';
  const readonly = `${scope}.readonly`;
  const refusal = (changes: Parameters<typeof googleAuth>[1]) => refusalOf(googleAuth(directory, changes).authorize());
  expect(await refusal({ scopes: [scope] })).toEqual([401, 'unauthorized_client']);
  expect(await refusal({ scopes: [readonly, scope] })).toEqual([403, 'access_denied']);
  expect(await refusal({ subject: 'nobody@example.com' })).toEqual([400, 'invalid_grant']);
  expect(await refusal({ key: makeServiceAccountKey().private_key })).toEqual([400, 'invalid_grant']);
  expect(await refusal({ email: 'other@autoprov-example.iam.gserviceaccount.com' })).toEqual([400, 'invalid_grant']);
});

test('revoked scopes refuse new tokens and end those given out, until they are granted again', async () => {
  const scopes = ['https://www.googleapis.com/auth/admin.directory.group.member.readonly'];
  const before = googleClient(directory);
  await before.users.list(users);
  directory.run({ do: 'revokeScopes', scopes });
  expect(await refusalOf(googleAuth(directory).authorize())).toEqual([403, 'access_denied']);
  expect(await refusalOf(before.users.list(users))).toEqual([401, 'authError']);
  directory.run({ do: 'grantScopes', scopes });
  google = googleClient(directory);
  expect((await google.users.list(users)).status).toBe(200);
});

test('a token gives no more than its scopes and its subject may', async () => {
  const schemasOnly = { scopes: ['https://www.googleapis.com/auth/admin.directory.userschema.readonly'] };
  const notAdmin = { subject: 'user000009@example.com' };
  expect(await refusalOf(googleClient(directory, schemasOnly).users.list(users))).toEqual([
    403,
    'insufficientPermissions',
  ]);
  expect(await refusalOf(googleClient(directory, notAdmin).users.list(users))).toEqual([403, 'forbidden']);
});

test('a deleted user answers 412, an unknown one 404, and neither is listed', async () => {
  const { id } = directory.run({ do: 'delete', user: 'user000007@example.com' });
  expect(await refusalOf(google.users.get({ userKey: id }))).toEqual([412, 'conditionNotMet']);
  expect(await refusalOf(google.users.get({ userKey: '999' }))).toEqual([404, 'notFound']);
  const listed = (await listAll('nextPageToken,users(id)')).flatMap((page) => page.users ?? []);
  expect(listed.some((user) => user.id === id)).toBe(false);
  const { data } = await google.users.list({ ...users, showDeleted: 'true' });
  expect(data.users?.some((user) => user.id === id && user.deletionTime)).toBe(true);
});

test('members of any kind are listed; an empty group has no members key; a deleted group answers 404', async () => {
  directory.run({ do: 'addGroup', email: 'nested@example.com' });
  const empty = await google.members.list({ groupKey: 'nested@example.com' });
  directory.run({ do: 'addMember', group: 'nested@example.com', nested: 'group002@example.com' });
  directory.run({ do: 'addMember', group: 'nested@example.com', user: 'user000011@example.com' });
  directory.run({ do: 'addMember', group: 'nested@example.com', everybody: true });
  const { data } = await google.members.list({ groupKey: 'nested@example.com' });
  expect(empty.data).not.toHaveProperty('members');
  expect(data.members?.map(({ type, email }) => [type, email])).toEqual([
    ['GROUP', 'group002@example.com'],
    ['USER', 'user000011@example.com'],
    ['CUSTOMER', undefined],
  ]);
  directory.run({ do: 'deleteGroup', group: 'nested@example.com' });
  expect(await refusalOf(google.members.list({ groupKey: 'nested@example.com' }))).toEqual([404, 'notFound']);
});

test('a changed primary address leaves the old one as an alias that still finds the person', async () => {
  directory.run({ do: 'changePrimaryAddress', user: 'user000021@example.com', to: 'new.name@example.com' });
  const { data } = await google.users.get({ userKey: 'user000021@example.com' });
  expect([data.primaryEmail, data.aliases]).toEqual(['new.name@example.com', ['user000021@example.com']]);
});

test('custom fields come only with a projection that asks for them', async () => {
  const customSchemas = { Employment: { badge: 'B-1' }, Other: { x: 1 } };
  directory.run({ do: 'update', user: 'user000022@example.com', set: { customSchemas } });
  const get = async (projection?: string, customFieldMask?: string) => {
    const wanted = { ...(projection && { projection }), ...(customFieldMask && { customFieldMask }) };
    return (await google.users.get({ userKey: 'user000022@example.com', ...wanted })).data.customSchemas;
  };
  expect(await get()).toBeUndefined();
  expect(await get('custom', 'Employment')).toEqual({ Employment: { badge: 'B-1' } });
  expect(await get('full')).toEqual(customSchemas);
});

test('the custom schemas are listed with their fields', async () => {
  const schemaName = 'Employment';
  const fields = [{ fieldName: 'badge', displayName: 'Badge', fieldType: 'STRING' }];
  directory.state.schemas.push({ schemaId: 's1', schemaName, displayName: schemaName, fields });
  const { data } = await google.schemas.list({ customerId: directory.state.customerId });
  expect(data.schemas).toMatchObject([{ schemaName, fields }]);
  expect(directory.run({ do: 'counts' }).schemasList).toBe(1);
});

test('a deleted user can be brought back, in no group, unless somebody else has the address by now', async () => {
  const people = plainPeople({ users: 3, groups: 1, membersPerGroup: 3 });
  const other = await startDirectory({ people });
  const { id, primaryEmail } = other.run({ do: 'delete', user: 'user000002@example.com' });
  other.run({ do: 'undelete', user: id });
  const { data } = await googleClient(other).users.get({ userKey: id });
  expect([data.primaryEmail, data.deletionTime]).toEqual([primaryEmail, undefined]);
  expect((await googleClient(other).members.list({ groupKey: 'group001@example.com' })).data.members).toHaveLength(2);
  other.run({ do: 'delete', user: id });
  other.run({ do: 'hire', primaryEmail, givenName: 'Another', familyName: 'Person' });
  expect(() => other.run({ do: 'undelete', user: id })).toThrow('is taken');
  await other.stop();
});

test('members of other organisations have an address, and no id where they have no Google account', async () => {
  const group = 'outside@example.com';
  directory.run({ do: 'addGroup', email: group });
  const outsiders = [
    { type: 'USER' as const, id: '900000000000000000001', email: 'a@other.example' },
    { type: 'EXTERNAL' as const, id: '900000000000000000002', email: 'b@other.example' },
    { type: 'GROUP' as const, id: '0other', email: 'c@other.example' },
  ];
  for (const external of outsiders) directory.run({ do: 'addMember', group, external });
  const { data } = await google.members.list({ groupKey: group });
  expect(data.members?.map(({ type, email, id }) => [type, email, id])).toEqual([
    ['GROUP', 'c@other.example', '0other'],
    ['USER', 'a@other.example', '900000000000000000001'],
    ['EXTERNAL', 'b@other.example', undefined],
  ]);
  directory.run({ do: 'removeMember', group, external: outsiders[0]! });
  expect((await google.members.list({ groupKey: group })).data.members).toHaveLength(2);
});

test('what the example directory does not understand is refused, not ignored', async () => {
  expect(await refusalOf(google.users.list({ ...users, query: 'isSuspended=true' }))).toEqual([
    400,
    'invalidParameter',
  ]);
  expect(await refusalOf(google.users.list({ ...users, fields: 'users(id' }))).toEqual([400, 'invalidParameter']);
  expect(await refusalOf(google.users.list({ ...users, pageToken: 'x' }))).toEqual([400, 'invalid']);
  expect(await refusalOf(google.users.list({ customer: 'C0other' }))).toEqual([404, 'notFound']);
});

test('several Google customers answer at the same addresses, each to its own service account and with its own id', async () => {
  const people = plainPeople({ users: 3 });
  const other = directory.addCustomer({ people });
  const { data } = await googleClient({ ...directory, ...other }).users.get({ userKey: 'admin@example.com' });
  expect(data.customerId).toBe(other.state.customerId);
  expect(other.state.customerId).not.toBe(directory.state.customerId);
  expect((await google.users.get({ userKey: 'admin@example.com' })).data.customerId).toBe(directory.state.customerId);
  await commandDirectory(other, { do: 'setCustomerId', customerId: 'C0changed' });
  const changed = await googleClient({ ...directory, ...other }).users.get({
    userKey: 'admin@example.com',
    fields: 'customerId',
  });
  expect(changed.data).toEqual({ customerId: 'C0changed' });
  expect([other.run({ do: 'counts' }).usersGet, directory.run({ do: 'counts' }).usersGet]).toEqual([2, 1]);
});

test('a directory that is started anew with its service account is still that of the same Google customer', async () => {
  const serviceAccountKey = makeServiceAccountKey();
  const ids = [];
  for (let i = 0; i < 2; i++) {
    const started = await startDirectory({ people: plainPeople({ users: 1 }), serviceAccountKey });
    ids.push(started.state.customerId);
    await started.stop();
  }
  expect(ids[0]).toBe(ids[1]);
});

test('the counters and every command can be used from another process', async () => {
  const hired = await commandDirectory(directory, {
    do: 'hire',
    primaryEmail: 'zoe@example.com',
    givenName: 'Zoë',
    familyName: "O'Neill",
    groups: ['group001@example.com'],
  });
  await commandDirectory(directory, { do: 'suspend', user: hired.id });
  const { data } = await google.users.get({ userKey: 'zoe@example.com' });
  expect([data.name?.fullName, data.suspended]).toEqual(["Zoë O'Neill", true]);
  expect(await commandDirectory(directory, { do: 'counts' })).toMatchObject({ usersGet: 1, usersList: 0 });
  await expect(commandDirectory(directory, { do: 'suspend', user: 'nobody' })).rejects.toThrow(/no user nobody/);
});
