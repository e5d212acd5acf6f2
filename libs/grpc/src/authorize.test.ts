import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RoleBinding_Role, type RoleBinding } from '@autoprov/proto';
import { authorize, hasRole, type AuthorizationQuestion, type Role } from './authorize.ts';
import { rpcErrorOf } from './rpc-error-of.ts';

const roleNames = ['viewer', 'operator', 'approver'] as const satisfies Role[];
const customerId = fc.constantFrom('acme', 'globex', 'umbrella', 'acme2', '--');
const binding = fc
  .record({ customer: fc.oneof(customerId, fc.constant('-')), role: fc.constantFrom(1, 2, 3) })
  .map(({ customer, role }) => bind(customer, role as RoleBinding_Role));

function bind(customer: string, role: RoleBinding_Role): RoleBinding {
  return { name: `customers/${customer}/roleBindings/b1`, member: 'x', role };
}

type Given = { bindings?: Record<string, RoleBinding[]>; person?: string };

/** What becomes of a call: 'allowed', or the reason of the refusal. */
async function ask(question: Partial<AuthorizationQuestion>, { bindings = {}, person }: Given = {}): Promise<string> {
  const asked = {
    path: '/x.v1.X/Get',
    allowed: ['config'],
    role: 'viewer' as const,
    caller: 'hr-portal',
    authorization: person === undefined ? [] : ['Bearer x'],
    request: { name: 'customers/acme/apps/crm' },
    ...question,
  };
  const authorizer = { identify: async () => person!, bindingsOf: async (member: string) => bindings[member] ?? [] };
  return authorize(asked, authorizer).then(
    () => 'allowed',
    (err: unknown) => rpcErrorOf(err).reason,
  );
}

const viewerOf = (customer: string) => [bind(customer, RoleBinding_Role.ROLE_VIEWER)];
const operatorOf = (customer: string) => [bind(customer, RoleBinding_Role.ROLE_OPERATOR)];

test.each<[string, Partial<AuthorizationQuestion>, Given, string]>([
  ['a listed workload by itself', { caller: 'config' }, {}, 'allowed'],
  ['a listed workload where there is no role', { caller: 'config', role: undefined }, {}, 'allowed'],
  [
    'another workload where there is no role',
    { role: undefined },
    { bindings: { 'workload:hr-portal': operatorOf('-') } },
    'CALLER_NOT_ALLOWED',
  ],
  ['another workload without any binding', {}, {}, 'CALLER_NOT_ALLOWED'],
  ['nobody', { caller: '' }, { bindings: { 'workload:': operatorOf('-') } }, 'CALLER_NOT_ALLOWED'],
  ['a bound workload', {}, { bindings: { 'workload:hr-portal': viewerOf('acme') } }, 'allowed'],
  ['a workload bound to all', {}, { bindings: { 'workload:hr-portal': viewerOf('-') } }, 'allowed'],
  [
    'a workload bound to a customer whose id begins the same',
    { request: { name: 'customers/acme2' } },
    { bindings: { 'workload:hr-portal': viewerOf('acme') } },
    'ROLE_MISSING',
  ],
  ['a workload bound elsewhere', {}, { bindings: { 'workload:hr-portal': viewerOf('globex') } }, 'ROLE_MISSING'],
  [
    'a viewer where an operator is needed',
    { role: 'operator' },
    { bindings: { 'workload:hr-portal': viewerOf('acme') } },
    'ROLE_MISSING',
  ],
  [
    'a binding of a role that this version does not know',
    {},
    { bindings: { 'workload:hr-portal': [bind('acme', 4 as RoleBinding_Role)] } },
    'ROLE_MISSING',
  ],
  [
    'a listed workload for a person without a role',
    { caller: 'config' },
    { person: 'ann@acme.example' },
    'ROLE_MISSING',
  ],
  [
    'a listed workload for a bound person',
    { caller: 'config' },
    { person: 'a@x', bindings: { 'person:a@x': viewerOf('acme') } },
    'allowed',
  ],
  [
    'a listed workload for a person, where there is no role',
    { caller: 'config', role: undefined },
    { person: 'a@x', bindings: { 'person:a@x': operatorOf('-') } },
    'ROLE_MISSING',
  ],
  [
    'a bound person by an unbound workload',
    {},
    { person: 'a@x', bindings: { 'person:a@x': operatorOf('-') } },
    'CALLER_NOT_ALLOWED',
  ],
  [
    'an unbound person by a bound workload',
    {},
    { person: 'a@x', bindings: { 'workload:hr-portal': operatorOf('-') } },
    'ROLE_MISSING',
  ],
  [
    'both bound',
    {},
    { person: 'a@x', bindings: { 'workload:hr-portal': viewerOf('acme'), 'person:a@x': viewerOf('acme') } },
    'allowed',
  ],
  [
    'a person whose address is a workload’s name',
    { caller: 'config' },
    { person: 'hr-portal', bindings: { 'workload:hr-portal': operatorOf('-') } },
    'ROLE_MISSING',
  ],
  [
    'all customers asked for, one bound',
    { request: { parent: 'customers/-' } },
    { bindings: { 'workload:hr-portal': viewerOf('acme') } },
    'ROLE_MISSING',
  ],
  [
    'what is the installation’s, one bound',
    { role: { role: 'viewer', customer: 'all' } },
    { bindings: { 'workload:hr-portal': viewerOf('acme') } },
    'ROLE_MISSING',
  ],
  [
    'what is nobody’s, one bound',
    { role: { role: 'viewer', customer: 'any' }, request: {} },
    { bindings: { 'workload:hr-portal': viewerOf('acme') } },
    'allowed',
  ],
  [
    'what is nobody’s, none bound',
    { role: { role: 'viewer', customer: 'any' }, request: {} },
    {},
    'CALLER_NOT_ALLOWED',
  ],
])('%s: %#', async (_, question, given, ends) => {
  expect(await ask(question, given)).toBe(ends);
});

test('whatever the bindings are, nobody passes for a customer outside them', async () => {
  const requests = fc.record({
    parent: customerId.map((id) => `customers/${id}`),
    filter: fc.record({ app: customerId.map((id) => `customers/${id}/apps/crm`) }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(binding), fc.constantFrom(...roleNames), requests, async (bindings, role, request) => {
      const needed = [request.parent, request.filter.app].map((name) => name.split('/')[1]);
      const isCovered = needed.every((id) =>
        bindings.some(
          ({ name, role: has }) => [id, '-'].includes(name.split('/')[1]!) && has > roleNames.indexOf(role),
        ),
      );
      const ends = await ask({ role, request }, { bindings: { 'workload:hr-portal': bindings } });
      expect(ends === 'allowed').toBe(isCovered);
    }),
  );
});

test('what requireRole lets through afterwards is bounded by the same bindings', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(binding), customerId, fc.constantFrom(...roleNames), async (bindings, id, role) => {
      const question = { path: '/x.v1.X/Get', allowed: ['config'], caller: 'config', request: { name: 'failures/x' } };
      const { requireRole } = await authorize(
        { ...question, role: { role: 'viewer', customer: 'answer' }, authorization: ['Bearer x'] },
        { identify: async () => 'a@x', bindingsOf: async () => [...bindings, ...viewerOf('initech')] },
      );
      const lets = (customer: string): boolean => {
        try {
          requireRole(role, customer);
          return true;
        } catch {
          return false;
        }
      };
      expect(lets(`customers/${id}`)).toBe(hasRole(bindings, role, id));
      // No name, and a name that is none, are the installation's.
      expect(lets('')).toBe(hasRole(bindings, role, '-'));
      expect(lets(`customers/${id}/apps/crm`)).toBe(hasRole(bindings, role, '-'));
    }),
  );
});
