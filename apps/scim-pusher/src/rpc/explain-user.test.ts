import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MatchingPolicy, Membership, ProvisioningScope } from '@autoprov/proto';
import type { ServiceProvider } from '@autoprov/testing';
import { startTestApp, type TestApp } from '../push/test-app.fixture.ts';
import { explainUser } from './explain-user.ts';

const [sales, staff] = ['sales@example.com', 'staff@example.com'];
let app: TestApp;
/** What directory-reader was asked: the user and the group. */
let asked: [name: string, group: string][] = [];
let isSilent = false;

beforeAll(async () => {
  // Explaining sends nothing to the service provider.
  app = await startTestApp({ baseUrl: 'https://127.0.0.1:1/scim', token: 'none' } as ServiceProvider);
  app.ctx.directory = {
    explainMembership: async ({ name, group }: { name: string; group: string }) => {
      asked.push([name, group]);
      if (isSilent) throw new Error('directory-reader is away');
      return { membership: Membership.fromPartial({ group }) };
    },
  } as never;
  const scope = ProvisioningScope.fromPartial({ groups: [sales, staff] });
  await app.configure({ scope });
  await app.read([{ id: '1', groups: [staff] }, { id: '2' }]);
});
afterAll(() => app.stop());

async function explain(id: string) {
  asked = [];
  const user = `customers/acme/users/${id}`;
  const { inScope, memberships } = await explainUser(app.ctx, { app: 'customers/acme/apps/crm', user });
  return { inScope, groups: memberships.map(({ group }) => group) };
}

test('who is in scope by a group gets the way into that group', async () => {
  expect(await explain('1')).toEqual({ inScope: true, groups: [staff] });
  expect(asked).toEqual([['customers/acme/users/1', staff]]);
});

test('who is in none of the groups learns of each why', async () => {
  expect(await explain('2')).toEqual({ inScope: false, groups: [sales, staff] });
});

test('while directory-reader is silent the rest is explained', async () => {
  isSilent = true;
  expect(await explain('1')).toEqual({ inScope: true, groups: [] });
});

test('who is to get an account learns what one that is there is looked for by', async () => {
  const rules = [
    { attribute: 'userName', expression: '' },
    { attribute: 'nickName', expression: 'user.name.familyName + "-x"' },
    { attribute: 'title', expression: 'user.nothing' },
  ];
  await app.configure({ matching: { ...MatchingPolicy.fromPartial({}), rules } });
  const user = 'customers/acme/users/1';
  expect((await explainUser(app.ctx, { app: 'customers/acme/apps/crm', user })).matching).toEqual([
    { attribute: 'userName', value: 'p1@example.com', problem: '' },
    { attribute: 'nickName', value: '1-x', problem: '' },
    { attribute: 'title', value: '', problem: expect.stringContaining('has no "nothing"') },
  ]);
});
