import fc from 'fast-check';
import { expect, test } from '@jest/globals';
import { isInScope } from '@autoprov/mapping';
import { DirectoryUser, ProvisioningSetup, SetupDefaults } from '@autoprov/proto';
import { effectiveSetup, triggers } from './effective-setup.ts';

const units = fc.constantFrom('/', '/Sales', '/Sales/EMEA', '/Lab', '/Lab/Guests');
const people = fc.constantFrom('ada@x.example', 'Ada@X.example', 'bob@x.example', '1', '2');
const few = <T>(values: fc.Arbitrary<T>) => fc.uniqueArray(values, { maxLength: 3 });
const duration = fc.integer({ min: 0, max: 3 }).map((n) => ({ seconds: BigInt(n), nanos: 0 }));
const rule = fc.record({ suspendAfter: duration, deleteAfter: duration }, { requiredKeys: [] });
const deprovisioning = fc.record(
  { outOfScope: rule, suspended: rule, archived: rule, deleted: rule },
  { requiredKeys: [] },
);
const matching = fc.record({ attributes: few(fc.constantFrom('externalId', 'userName')) });
const setups = fc
  .record(
    {
      scope: fc.record(
        {
          groups: few(fc.constantFrom('g1', 'g2')),
          orgUnits: few(units),
          excludedOrgUnits: few(units),
          persons: few(people),
          excludedPersons: few(people),
        },
        { requiredKeys: [] },
      ),
      deprovisioning,
      matching,
    },
    { requiredKeys: [] },
  )
  .map((fields) => ProvisioningSetup.fromPartial(fields as never));
const someDefaults = fc
  .record(
    { excludedOrgUnits: few(units), excludedPersons: few(people), deprovisioning, matching },
    { requiredKeys: [] },
  )
  .map((fields) => SetupDefaults.fromPartial(fields as never));
const users = fc
  .record({ id: fc.constantFrom('1', '2', '3'), orgUnitPath: units, groups: few(fc.constantFrom('g1', 'g2')) })
  .map(({ id, ...fields }) => {
    const primaryEmail = `${id === '1' ? 'ada' : id === '2' ? 'bob' : 'eve'}@x.example`;
    return DirectoryUser.fromPartial({ name: `customers/acme/users/${id}`, primaryEmail, ...fields });
  });

test('a setup of a customer without defaults is as it was stored', () => {
  fc.assert(
    fc.property(setups, (setup) => {
      expect(effectiveSetup(setup, undefined)).toEqual(setup);
      expect(effectiveSetup(setup, SetupDefaults.fromPartial({}))).toEqual(setup);
    }),
  );
});

test('taking over twice is taking over once', () => {
  fc.assert(
    fc.property(setups, someDefaults, (setup, defaults) => {
      const once = effectiveSetup(setup, defaults);
      expect(effectiveSetup(once, defaults)).toEqual(once);
    }),
  );
});

test('defaults bring nobody into a scope', () => {
  fc.assert(
    fc.property(setups, someDefaults, users, (setup, defaults, user) => {
      fc.pre(isInScope(effectiveSetup(setup, defaults).scope, user).inScope === true);
      expect(isInScope(setup.scope, user).inScope).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test('nobody whom the customer excludes is in any scope', () => {
  fc.assert(
    fc.property(setups, few(people), users, (setup, excludedPersons, user) => {
      const defaults = SetupDefaults.fromPartial({ excludedPersons });
      fc.pre(
        excludedPersons.some(
          (person) => user.name.endsWith(`/${person}`) || person.toLowerCase() === user.primaryEmail,
        ),
      );
      expect(isInScope(effectiveSetup(setup, defaults).scope, user).inScope).toBe(false);
    }),
    { numRuns: 1_000 },
  );
});

test('an org unit that the customer excludes is off, but for units below that a setup switches on and for persons it names', () => {
  const user = (orgUnitPath: string) =>
    DirectoryUser.fromPartial({ name: 'customers/acme/users/1', primaryEmail: 'ada@x.example', orgUnitPath });
  const scopeOf = (scope: object) =>
    effectiveSetup(
      ProvisioningSetup.fromPartial({ scope }),
      SetupDefaults.fromPartial({ excludedOrgUnits: ['/Sales'] }),
    ).scope;
  expect(isInScope(scopeOf({}), user('/Sales/EMEA')).inScope).toBe(false);
  expect(isInScope(scopeOf({}), user('/Lab')).inScope).toBe(true);
  expect(isInScope(scopeOf({ orgUnits: ['/', '/Sales/EMEA'] }), user('/Sales/EMEA')).inScope).toBe(true);
  expect(isInScope(scopeOf({ orgUnits: ['/', '/Sales'] }), user('/Sales')).inScope).toBe(false);
  expect(isInScope(scopeOf({ persons: ['1'] }), user('/Sales')).inScope).toBe(true);
});

test("a setup's own rule and matching stand, and what it leaves open is the customer's", () => {
  fc.assert(
    fc.property(setups, someDefaults, (setup, defaults) => {
      const { deprovisioning: rules, matching: found, ...rest } = effectiveSetup(setup, defaults);
      for (const trigger of triggers) {
        expect(rules?.[trigger]).toEqual(setup.deprovisioning?.[trigger] ?? defaults.deprovisioning?.[trigger]);
      }
      expect(found).toEqual(setup.matching ?? defaults.matching);
      const { deprovisioning: _, matching: __, ...own } = setup;
      expect({ ...rest, scope: undefined }).toEqual({ ...own, scope: undefined });
    }),
  );
});

test("each limit of the guard that a setup leaves open is the customer's, and protected persons are added", () => {
  const window = { seconds: 60n, nanos: 0 };
  const setup = ProvisioningSetup.fromPartial({ guard: { maxCount: 7, protectedPersons: ['ada@x.example'] } });
  const defaults = SetupDefaults.fromPartial({
    guard: { maxCount: 9, maxSharePercent: 3, window, protectedPersons: ['Ada@x.example', '2'] },
  });
  const guard = { maxCount: 7, maxSharePercent: 3, window, protectedPersons: ['ada@x.example', '2'] };
  expect(effectiveSetup(setup, defaults).guard).toEqual(guard);
  expect(effectiveSetup(ProvisioningSetup.fromPartial({}), defaults).guard).toEqual(defaults.guard);
});
