import { parseTargetPath } from '@autoprov/mapping';
import type { MappingTest } from '@autoprov/proto';
import { checkJson } from './check-json.ts';
import type { Violation } from './check-setup.ts';

const MAX_TESTS = 100;

/** What is wrong with a setup's mapping tests before they are run; empty: nothing. */
export function checkMappingTests(tests: readonly MappingTest[]): Violation[] {
  if (tests.length > MAX_TESTS) {
    return [{ field: 'mapping_tests', description: `are more than ${MAX_TESTS}: keep those that differ` }];
  }
  const firsts = new Map<string, number>();
  tests.forEach(({ name }, i) => firsts.set(name, firsts.get(name) ?? i));
  return tests.flatMap((test, i) => checkTest(`mapping_tests[${i}]`, test, firsts.get(test.name)!, i));
}

function checkTest(at: string, { name, user, expected }: MappingTest, first: number, i: number): Violation[] {
  const field = `${at}.name`;
  const targets = Object.keys(expected ?? {});
  return [
    ...(/^\P{Cc}{1,200}$/u.test(name)
      ? []
      : [{ field, description: 'must be 1 to 200 characters without control characters' }]),
    ...(first === i ? [] : [{ field, description: `stands in mapping_tests[${first}] already: choose another` }]),
    ...(user ? checkJson(`${at}.user`, user) : [{ field: `${at}.user`, description: 'is missing: give a user' }]),
    ...(targets.length > 0
      ? checkJson(`${at}.expected`, expected)
      : [{ field: `${at}.expected`, description: 'is empty: name at least one target and its value' }]),
    ...targets
      .filter((target) => !parseTargetPath(target))
      .map((target) => ({ field: `${at}.expected`, description: `"${target}" is not a SCIM path, as a row's target` })),
  ];
}
