import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { DirectoryCommand } from './commands.ts';
import { googleClient } from './google-client.fixture.ts';
import { plainPeople } from './plain-people.ts';
import { startDirectory } from './server.ts';
import type { ExampleDirectory } from './server.ts';

let directory: ExampleDirectory;
let google: ReturnType<typeof googleClient>;

beforeAll(async () => {
  directory = await startDirectory({ people: plainPeople({ users: 30, groups: 2, membersPerGroup: 3 }) });
  google = googleClient(directory);
});
beforeEach(() => directory.run({ do: 'clearFaults' }));
afterAll(() => directory.stop());

/** Lists page 1 and, after a command, page 2 with ten users each; a refusal is an answer too. */
async function twoPages(command: DirectoryCommand) {
  const list = (pageToken?: string) =>
    google.users.list(
      { customer: 'my_customer', maxResults: 10, ...(pageToken && { pageToken }) },
      { validateStatus: () => true },
    );
  const first = await list();
  directory.run(command);
  const token = first.data.nextPageToken ?? '';
  return { token, second: await list(token), again: () => list(token) };
}

test('a page fails as often as asked, with Retry-After, and answers then', async () => {
  const { second, again } = await twoPages({
    do: 'failPage',
    page: 2,
    status: 429,
    reason: 'rateLimitExceeded',
    retryAfterSeconds: 7,
  });
  expect([second.status, (second.headers as unknown as Headers).get('retry-after')]).toEqual([429, '7']);
  expect((await again()).data.users).toHaveLength(10);
});

test('a page can come without its users key, and with a 200', async () => {
  const { second } = await twoPages({ do: 'dropUsersKey', page: 2 });
  expect(second.status).toBe(200);
  expect(second.data).not.toHaveProperty('users');
  expect(second.data).toHaveProperty('nextPageToken');
});

test('a page can name the token it was asked with as its next', async () => {
  const { second, token } = await twoPages({ do: 'repeatPageToken', page: 2 });
  expect(second.data.nextPageToken).toBe(token);
});

test('a page can be JSON that stops half-way', async () => {
  const { second } = await twoPages({ do: 'truncatePage', page: 2 });
  expect(typeof second.data).toBe('string');
});

test('a list can end early without saying so', async () => {
  const { second } = await twoPages({ do: 'endListEarly', page: 2 });
  expect(second.data.users).toHaveLength(10);
  expect(second.data).not.toHaveProperty('nextPageToken');
});

test('a page can come empty, and the next as if nothing were missing', async () => {
  const { second, again } = await twoPages({ do: 'emptyPage', page: 2 });
  expect(second.data).toMatchObject({ users: [], nextPageToken: (await again()).data.nextPageToken });
});

test.each([
  ['rateLimitExceeded', { errors: [{ reason: 'rateLimitExceeded', domain: 'usageLimits' }] }],
  ['RATE_LIMIT_EXCEEDED', { details: [{ reason: 'RATE_LIMIT_EXCEEDED' }] }],
])('a quota answer comes in the shape of its reason, %s', async (reason, error) => {
  const { second } = await twoPages({ do: 'failPage', page: 2, status: 403, reason });
  expect(second.data).toMatchObject({ error: { code: 403, ...error } });
});

test('one group can fail while another answers', async () => {
  directory.run({ do: 'failPage', kind: 'membersList', key: 'group001@example.com', status: 403, reason: 'forbidden' });
  await expect(google.members.list({ groupKey: 'group001@example.com' })).rejects.toThrow();
  expect((await google.members.list({ groupKey: 'group002@example.com' })).data.members).toHaveLength(3);
});

test('the list can lag behind while users.get tells the truth', async () => {
  directory.run({ do: 'lagBehind' });
  directory.run({ do: 'suspend', user: 'user000005@example.com' });
  const listed = async () => {
    const { data } = await google.users.list({ customer: 'my_customer', maxResults: 10 });
    return data.users?.find(({ primaryEmail }) => primaryEmail === 'user000005@example.com')?.suspended;
  };
  expect(await listed()).toBe(false);
  expect((await google.users.get({ userKey: 'user000005@example.com' })).data.suspended).toBe(true);
  directory.run({ do: 'catchUp' });
  expect(await listed()).toBe(true);
});

test('the list can lag behind for one user only: of a renamed one it shows the old address, users.get the new', async () => {
  const { id } = directory.run({ do: 'update', user: 'user000006@example.com', set: {} });
  directory.run({ do: 'lagBehind', user: id });
  directory.run({ do: 'changePrimaryAddress', user: id, to: 'six@example.com' });
  directory.run({ do: 'changePrimaryAddress', user: 'user000007@example.com', to: 'seven@example.com' });
  const { data } = await google.users.list({ customer: 'my_customer', maxResults: 10 });
  const listed = data.users?.map(({ primaryEmail }) => primaryEmail);
  expect(listed).toEqual(expect.arrayContaining(['user000006@example.com', 'seven@example.com']));
  expect((await google.users.get({ userKey: id })).data.primaryEmail).toBe('six@example.com');
});

test('pages can be smaller than asked for', async () => {
  directory.run({ do: 'setPageSize', most: 2 });
  const { data } = await google.users.list({ customer: 'my_customer', maxResults: 10 });
  expect([data.users?.length, typeof data.nextPageToken]).toEqual([2, 'string']);
  directory.run({ do: 'setPageSize', most: 500 });
});

test('what is changed between an answer and its sending is not in it', async () => {
  let suspend = () => {};
  const other = await startDirectory({ people: plainPeople({ users: 3 }), onAnswer: () => suspend() });
  suspend = () => other.run({ do: 'suspend', user: 'user000002@example.com' });
  const list = async () =>
    (await googleClient(other).users.list({ customer: 'my_customer' })).data.users![1]!.suspended;
  expect([await list(), await list()]).toEqual([false, true]);
  await other.stop();
});

test('the token endpoint can fail by itself', async () => {
  directory.run({ do: 'failPage', kind: 'token', status: 400, reason: 'admin_policy_enforced' });
  const fresh = googleClient(directory);
  await expect(fresh.users.list({ customer: 'my_customer' })).rejects.toThrow(/admin_policy_enforced/);
  expect((await fresh.users.list({ customer: 'my_customer' })).status).toBe(200);
});
