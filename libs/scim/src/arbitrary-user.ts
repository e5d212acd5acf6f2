import fc from 'fast-check';
import type { JsonValue, ScimUser } from './resource.ts';
import { enterpriseUserUrn, userUrn } from './urns.ts';

const text = fc.string({ minLength: 1, maxLength: 12 }).filter((value) => value.trim() === value && value !== '');

/** Values of a multi-valued attribute: each type at most once, or untyped, or a type twice. */
function values(types: readonly string[]): fc.Arbitrary<JsonValue[]> {
  const typed = (type: string) =>
    fc.record({ value: text, type: fc.constant(type), display: text }, { requiredKeys: ['value', 'type'] });
  const distinct = fc.subarray([...types]).chain((some) => fc.tuple(...some.map(typed)));
  const untyped = fc.uniqueArray(fc.record({ value: text }), { maxLength: 3, selector: ({ value }) => value });
  const repeated = fc.uniqueArray(typed(types[0] ?? 'other'), { maxLength: 3, selector: ({ value }) => value });
  return fc.oneof(
    { weight: 3, arbitrary: distinct as fc.Arbitrary<JsonValue[]> },
    untyped as fc.Arbitrary<JsonValue[]>,
    repeated as fc.Arbitrary<JsonValue[]>,
  );
}

/** For tests: any mapped user, with some of its attributes unassigned in one of the ways that mean it. */
export const arbitraryUser: fc.Arbitrary<ScimUser> = fc
  .record(
    {
      userName: text,
      externalId: text,
      displayName: fc.oneof(text, fc.constant('')),
      title: fc.oneof(text, fc.constant(null)),
      active: fc.boolean(),
      name: fc.record({ givenName: text, familyName: text, formatted: text }, { requiredKeys: [] }),
      emails: values(['work', 'home', 'other']),
      phoneNumbers: values(['work', 'mobile', 'fax']),
      [enterpriseUserUrn]: fc.record(
        { department: text, employeeNumber: text, manager: fc.record({ value: text }) },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: ['userName'] },
  )
  .map((user) => ({ schemas: [userUrn, enterpriseUserUrn], ...user }) as ScimUser);
