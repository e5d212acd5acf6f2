import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  DirectoryUser,
  DirectoryUser_State,
  MappingRow,
  ProvisioningSetup,
  type DeprovisioningPolicy,
} from '@autoprov/proto';
import { digestOf, type ScimUser } from '@autoprov/scim';
import { decide, type Situation } from './decide.ts';
import { noAccount, type Account } from './model.ts';

const now = new Date('2026-03-01T00:00:00Z');
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000);
const days = (n: number) => ({ seconds: BigInt(n * 86_400), nanos: 0 });
const manager = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value';
const row = (target: string, value: string, required = false): MappingRow => ({
  ...MappingRow.fromPartial({ target, required }),
  source: { $case: 'attribute', value },
});
const rows = [
  row('externalId', 'id'),
  row('userName', 'primaryEmail', true),
  row('title', 'organizations[primary].title'),
  row(manager, 'relations[type=manager].value'),
];

function setup(deprovisioning?: DeprovisioningPolicy): ProvisioningSetup {
  const scope = {
    groups: ['crm@example.com'],
    orgUnits: [],
    excludedOrgUnits: [],
    persons: [],
    excludedPersons: [],
    filter: '',
  };
  return { ...ProvisioningSetup.fromPartial({}), attributeMapping: { rows }, scope, deprovisioning };
}

function person(changes: Partial<DirectoryUser> = {}): DirectoryUser {
  return {
    ...DirectoryUser.fromPartial({ name: 'customers/acme/users/1', primaryEmail: 'ada@example.com' }),
    state: DirectoryUser_State.STATE_ACTIVE,
    groups: ['crm@example.com'],
    attributes: { id: '1', primaryEmail: 'ada@example.com', organizations: [{ title: 'Engineer' }] },
    ...changes,
  };
}

const accepted = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
  externalId: '1',
  userName: 'ada@example.com',
  title: 'Engineer',
  active: true,
};
const account = (changes: Partial<Account> = {}): Account => ({
  ...noAccount('1'),
  scimId: 'sp-1',
  state: 'active',
  accepted: accepted as ScimUser,
  acceptedDigest: digestOf(accepted as ScimUser),
  ...changes,
});
const suspendedAccount = account({
  state: 'suspended',
  accepted: { ...accepted, active: false } as ScimUser,
  acceptedDigest: digestOf({ ...accepted, active: false } as ScimUser),
});

const decideFor = (changes: Partial<Situation>) =>
  decide({ setup: setup(), user: person(), account: account(), references: new Map(), now, ...changes });

test('somebody in scope without an account gets one', () => {
  expect(decideFor({ account: noAccount('1') })).toMatchObject({ do: 'create', desired: accepted });
});

test('nothing is done when the mapped resource is the accepted one', () => {
  expect(decideFor({}).do).toBe('nothing');
});

test('a new primary address is an update of the same account', () => {
  const user = person({
    attributes: { id: '1', primaryEmail: 'a.lovelace@example.com', organizations: [{ title: 'Engineer' }] },
  });
  const decision = decideFor({ user });
  expect(decision).toMatchObject({ do: 'update', changes: [{ path: 'userName', value: 'a.lovelace@example.com' }] });
});

test('an attribute that no row manages any more is left as it is', () => {
  const withNickName = { ...accepted, nickName: 'Countess' } as ScimUser;
  expect(decideFor({ account: account({ accepted: withNickName, acceptedDigest: digestOf(withNickName) }) }).do).toBe(
    'nothing',
  );
});

test('a manager without an account is waited for, and set once there is one', () => {
  const user = person({
    attributes: { ...person().attributes, relations: [{ type: 'manager', value: 'boss@example.com' }] },
  });
  expect(decideFor({ user })).toMatchObject({ do: 'nothing', parked: ['boss@example.com'] });
  expect(decideFor({ user, references: new Map([['boss@example.com', 'sp-9']]) })).toMatchObject({
    do: 'update',
    parked: [],
  });
});

test('nothing is sent for somebody who lacks a required attribute', () => {
  const user = person({ attributes: { id: '1' } });
  expect(decideFor({ user, account: noAccount('1') })).toMatchObject({
    do: 'refuse',
    reason: 'MISSING_REQUIRED',
    detail: expect.stringContaining('userName'),
  });
});

const expressionRow = (target: string, value: string): MappingRow => ({
  ...MappingRow.fromPartial({ target }),
  source: { $case: 'expression', value },
});
const withRows = (...more: MappingRow[]) => ({ ...setup(), attributeMapping: { rows: [...rows, ...more] } });
const withFilter = (filter: string) => ({ ...setup(), scope: { ...setup().scope!, filter } });

test('an expression that fails for a person sends nothing for that person, and says where', () => {
  const failing = withRows(expressionRow('nickName', 'user.name.nickName'));
  for (const known of [noAccount('1'), account(), suspendedAccount]) {
    expect(decideFor({ setup: failing, account: known })).toMatchObject({
      do: 'refuse',
      reason: 'EXPRESSION_FAILED',
      detail: 'nickName: 1:5: the user has no "name": use coalesce(…, "") or has(…)',
    });
  }
  const guarded = withRows(expressionRow('nickName', 'coalesce(user.name.nickName, user.primaryEmail.split("@")[0])'));
  expect(decideFor({ setup: guarded })).toMatchObject({ do: 'update', changes: [{ path: 'nickName', value: 'ada' }] });
});

test('a filter without an answer for a person neither adds nor removes, also by a timer that has run out', () => {
  const unknown = withFilter('user.customSchemas.Access.crm == true');
  const overdue = { trigger: 'out_of_scope' as const, triggerAt: daysAgo(4000) };
  for (const known of [noAccount('1'), account(), account(overdue), { ...suspendedAccount, ...overdue }]) {
    const decision = decideFor({ setup: unknown, account: known });
    expect(decision).toMatchObject({ do: 'refuse', reason: 'EXPRESSION_FAILED', inScope: undefined });
    expect(decision.explanation).toMatch(
      /^whether the person is in scope is not known, so nothing is added or removed/,
    );
  }
});

test('a filter that is false takes somebody out of scope, one that is true keeps them in', () => {
  expect(decideFor({ setup: withFilter('user.primaryEmail.endsWith("@other.example")') })).toMatchObject({
    do: 'suspend',
    trigger: 'out_of_scope',
  });
  expect(decideFor({ setup: withFilter('user.primaryEmail.endsWith("@example.com")') }).do).toBe('nothing');
});

test('who is suspended in the directory loses access whatever the filter says', () => {
  const user = person({ state: DirectoryUser_State.STATE_SUSPENDED });
  expect(decideFor({ setup: withFilter('user.nope'), user })).toMatchObject({ do: 'suspend', trigger: 'suspended' });
});

test('one element is written for each item of a list, and nothing is written when the same items come again', () => {
  const others = withRows(row('emails[type eq "other"].value', 'aliases'));
  const aliases = ['al@example.com', 'countess@example.com'];
  const user = person({ attributes: { ...person().attributes, aliases } });
  const first = decideFor({ setup: others, user });
  if (first.do !== 'update') throw new Error(`unexpected: ${first.do}`);
  expect(first.desired.emails).toEqual([
    { type: 'other', value: 'al@example.com', primary: true },
    { type: 'other', value: 'countess@example.com' },
  ]);
  const known = account({ accepted: first.desired, acceptedDigest: digestOf(first.desired) });
  expect(decideFor({ setup: others, user, account: known }).do).toBe('nothing');
  // The digest alone does not answer this: an account that was adopted has none.
  expect(decideFor({ setup: others, user, account: { ...known, acceptedDigest: 'v1:other' } }).do).toBe('nothing');
  const fewer = person({ attributes: { ...user.attributes, aliases: aliases.slice(0, 1) } });
  expect(decideFor({ setup: others, user: fewer, account: known })).toMatchObject({ do: 'update' });
});

test('a manager by expression is resolved and waited for like one by attribute', () => {
  const byExpression = withRows();
  byExpression.attributeMapping.rows[3] = expressionRow(
    manager,
    'coalesce(user.relations.filter(r, r.type == "manager").first().value.lower(), "")',
  );
  const user = person({
    attributes: { ...person().attributes, relations: [{ type: 'manager', value: 'BOSS@example.com' }] },
  });
  expect(decideFor({ setup: byExpression, user })).toMatchObject({ do: 'nothing', parked: ['boss@example.com'] });
  const references = new Map([['boss@example.com', 'sp-9']]);
  expect(decideFor({ setup: byExpression, user, references })).toMatchObject({ do: 'update', parked: [] });
});

test.each([
  ['leaves the scope', person({ groups: [] }), 'out_of_scope'],
  ['is suspended', person({ state: DirectoryUser_State.STATE_SUSPENDED }), 'suspended'],
  ['is archived', person({ state: DirectoryUser_State.STATE_ARCHIVED }), 'archived'],
  ['is deleted', person({ state: DirectoryUser_State.STATE_DELETED }), 'deleted'],
])('by default somebody who %s is suspended at once and never deleted', (_, user, trigger) => {
  expect(decideFor({ user })).toMatchObject({ do: 'suspend', trigger, triggerAt: now });
  const later = decideFor({
    user,
    account: { ...suspendedAccount, trigger: trigger as never, triggerAt: daysAgo(4000) },
  });
  expect(later.do).toBe('nothing');
  expect(later.dueAt).toBeUndefined();
});

test('somebody who returns is reactivated in one write with what changed meanwhile', () => {
  const user = person({ attributes: { ...person().attributes, organizations: [{ title: 'Fellow' }] } });
  const decision = decideFor({ user, account: { ...suspendedAccount, trigger: 'suspended', triggerAt: daysAgo(1) } });
  expect(decision.do).toBe('reactivate');
  expect(decision.trigger).toBeUndefined();
  expect(decision).toMatchObject({
    changes: expect.arrayContaining([expect.objectContaining({ path: 'active', value: true })]),
  });
});

test('the waiting times of a policy run from the day the trigger was first seen', () => {
  const policy = {
    outOfScope: { suspendAfter: days(1), deleteAfter: days(7) },
    suspended: undefined,
    archived: undefined,
    deleted: undefined,
  };
  const gone = { setup: setup(policy), user: person({ groups: [] }) };
  const since = (n: number) => ({ trigger: 'out_of_scope' as const, triggerAt: daysAgo(n) });
  expect(decideFor(gone)).toMatchObject({ do: 'nothing', dueAt: new Date(now.getTime() + 86_400_000) });
  expect(decideFor({ ...gone, account: account(since(1)) })).toMatchObject({
    do: 'suspend',
    dueAt: new Date(now.getTime() + 6 * 86_400_000),
  });
  expect(decideFor({ ...gone, account: { ...suspendedAccount, ...since(6) } })).toMatchObject({ do: 'nothing' });
  expect(decideFor({ ...gone, account: { ...suspendedAccount, ...since(7) } })).toMatchObject({ do: 'delete' });
});

test('another trigger starts its own waiting time', () => {
  const policy = {
    outOfScope: undefined,
    suspended: undefined,
    archived: undefined,
    deleted: { suspendAfter: undefined, deleteAfter: days(7) },
  };
  const user = person({ state: DirectoryUser_State.STATE_DELETED });
  const decision = decideFor({
    setup: setup(policy),
    user,
    account: account({ trigger: 'suspended', triggerAt: daysAgo(30) }),
  });
  expect(decision).toMatchObject({ do: 'nothing', trigger: 'deleted', triggerAt: now });
});

test('nobody without an account is suspended or deleted, and nobody active in scope loses access', () => {
  const states = fc.constantFrom(
    DirectoryUser_State.STATE_ACTIVE,
    DirectoryUser_State.STATE_SUSPENDED,
    DirectoryUser_State.STATE_ARCHIVED,
    DirectoryUser_State.STATE_DELETED,
  );
  const accounts = fc.constantFrom(noAccount('1'), account(), suspendedAccount, account({ state: 'deleted' }));
  fc.assert(
    fc.property(states, fc.boolean(), accounts, (state, inGroup, known) => {
      const decision = decideFor({
        user: person({ state, groups: inGroup ? ['crm@example.com'] : [] }),
        account: known,
      });
      const ends = decision.do === 'suspend' || decision.do === 'delete';
      if (known.state !== 'active' && known.state !== 'suspended') expect(ends).toBe(false);
      if (state === DirectoryUser_State.STATE_ACTIVE && inGroup) expect(ends).toBe(false);
    }),
  );
});
