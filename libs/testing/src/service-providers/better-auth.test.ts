import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { examplePeople } from '../directory/example-people.ts';
import type { GoogleUser } from '../directory/state.ts';
import { startBetterAuth } from './better-auth.ts';
import { enterpriseUrn, listAccounts } from './list-accounts.ts';
import type { ScimAccount } from './list-accounts.ts';
import { callScim } from './scim-client.ts';
import type { ServiceProvider } from './service-provider.ts';

const people = examplePeople({ users: 40 });
let provider: ServiceProvider;

beforeAll(async () => {
  provider = await startBetterAuth({ seed: people.serviceProviderSeed });
});
beforeEach(() => {
  provider.run({ do: 'clearFaults' });
  provider.run({ do: 'resetCounts' });
});
afterAll(() => provider.stop());

/** The user's account, as the default mapping would send it. */
function accountOf({ id, name, organizations, primaryEmail }: GoogleUser) {
  const work = organizations?.[0];
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', enterpriseUrn],
    externalId: id,
    userName: primaryEmail,
    name: { givenName: name.givenName, familyName: name.familyName, formatted: name.fullName },
    displayName: name.fullName,
    emails: [{ value: primaryEmail, type: 'work', primary: true }],
    ...(work?.title && { title: work.title }),
    [enterpriseUrn]: { department: work?.department },
  };
}

const create = (body: object) => callScim(provider, 'POST', '/Users', body);

async function createPerson(number: number) {
  const answer = await create(accountOf([...people.state.users.values()][number]!));
  return answer.body as ScimAccount;
}

test('each troubled person is refused in the words that we expect', async () => {
  for (const { user, says } of people.troubledPeople) {
    const { status, body } = await create(accountOf(user));
    expect(status).toBeGreaterThanOrEqual(400);
    if (says !== undefined) expect(body).toMatchObject({ status: String(status), detail: says });
  }
});

test('the account of another provisioner is there from the beginning, a sign-up is not shown', async () => {
  const [foreign] = people.serviceProviderSeed.accounts;
  const [signedUp] = people.serviceProviderSeed.signedUp;
  const userNames = (await listAccounts(provider)).map(({ userName }) => userName);
  expect(userNames).toContain(foreign?.userName);
  expect(userNames).not.toContain(signedUp?.email);
});

test('a PUT without active activates a suspended account again', async () => {
  const { id, ...account } = await createPerson(1);
  const suspend = { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: [suspendOperation] };
  expect((await callScim(provider, 'PATCH', `/Users/${id}`, suspend)).body).toMatchObject({ active: false });
  const { active: _, ...withoutActive } = account;
  expect((await callScim(provider, 'PUT', `/Users/${id}`, withoutActive)).body).toMatchObject({ active: true });
});

const suspendOperation = { op: 'replace', path: 'active', value: false };

test('a deleted account is gone, and only the same externalId gets its address again', async () => {
  const { id } = await createPerson(2);
  const user = [...people.state.users.values()][2]!;
  expect((await callScim(provider, 'DELETE', `/Users/${id}`)).status).toBe(204);
  expect((await callScim(provider, 'GET', `/Users/${id}`)).status).toBe(404);
  expect((await create({ ...accountOf(user), externalId: 'somebody-else' })).status).toBe(409);
  expect((await create(accountOf(user))).status).toBe(201);
});

test('a filter finds a name with an apostrophe, whatever its case', async () => {
  await create(accountOf({ ...[...people.state.users.values()][3]!, primaryEmail: "maeve.o'neill@example.com" }));
  const filter = encodeURIComponent(`userName eq ${JSON.stringify("MAEVE.O'Neill@example.com")}`);
  expect((await callScim(provider, 'GET', `/Users?filter=${filter}`)).body).toMatchObject({ totalResults: 1 });
});

test('a wrong token is refused', async () => {
  expect((await callScim({ ...provider, token: 'wrong' }, 'GET', '/Users')).status).toBe(401);
});

test('accounts in a database file are still there after a restart, and the seed is not put in twice', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'better-auth-'));
  const options = { databaseFile: join(directory, 'accounts.sqlite'), seed: people.serviceProviderSeed };
  const first = await startBetterAuth(options);
  const before = await listAccounts(first);
  await first.stop();
  const second = await startBetterAuth(options);
  expect(await listAccounts(second)).toMatchObject(before.map(({ id }) => ({ id })));
  await second.stop();
  await rm(directory, { recursive: true });
});
