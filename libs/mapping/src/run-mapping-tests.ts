import type { MappingRow, MappingTest, ProvisioningScope } from '@autoprov/proto';
import { isUnassigned, sameValue, type JsonObject, type JsonValue } from '@autoprov/scim';
import { mapUser, referencesOf } from './map-user.ts';
import { askFilter } from './scope.ts';
import { readPath } from './target-path.ts';

/** One value of one mapping test that is not as expected. */
export type MappingTestFailure = {
  /** The test's name. */
  test: string;
  /** The SCIM path, as a mapping row's target; empty when it is about the scope's filter. */
  path: string;
  expected: JsonValue | undefined;
  actual: JsonValue | undefined;
  /** A sentence for people. */
  description: string;
};

/**
 * Runs a setup's mapping tests: what the mapping gives for each test's user is compared with what the test expects, and
 * the scope's filter must have an answer. References (manager) stand for themselves: their address is what is compared.
 *
 * @param rows a mapping that `checkMapping` found right
 * @returns empty when each test gives what it expects
 */
export function runMappingTests(
  rows: readonly MappingRow[],
  scope: ProvisioningScope | undefined,
  tests: readonly MappingTest[],
): MappingTestFailure[] {
  return tests.flatMap((test) => runTest(rows, scope?.filter ?? '', test));
}

function runTest(rows: readonly MappingRow[], filter: string, test: MappingTest): MappingTestFailure[] {
  const user = (test.user ?? {}) as JsonObject;
  const references = new Map(referencesOf(rows, user).map((reference) => [reference, reference]));
  const { resource, failed, missing } = mapUser(rows, user, references);
  const failure = (
    path: string,
    description: string,
    expected?: JsonValue,
    actual?: JsonValue,
  ): MappingTestFailure => ({
    test: test.name,
    path,
    expected,
    actual,
    description,
  });
  const failures = failed.map(({ target, problem }) => failure(target, `the expression fails: ${problem}`));
  for (const path of missing) failures.push(failure(path, `${path} is required, but has no value for this user`));
  for (const [path, expected] of Object.entries((test.expected ?? {}) as JsonObject)) {
    const actual = readPath(resource, path);
    const same = isUnassigned(expected) ? isUnassigned(actual) : sameValue(onlyItem(expected), onlyItem(actual));
    if (same || failures.some((known) => known.path === path)) continue;
    const description = `${path} is ${show(actual)}, but should be ${show(expected)}`;
    failures.push(failure(path, description, expected, actual));
  }
  const answer = filter === '' ? undefined : askFilter(filter, user);
  if (answer && 'problem' in answer) failures.push(failure('', `the scope's filter has no answer: ${answer.problem}`));
  return failures;
}

/** Whether there is one element or more is the person's, so a test may name one value or a list. */
function onlyItem(value: JsonValue | undefined): JsonValue | undefined {
  return Array.isArray(value) && value.length === 1 ? value[0] : value;
}

function show(value: JsonValue | undefined): string {
  return isUnassigned(value) ? 'absent' : JSON.stringify(value);
}
