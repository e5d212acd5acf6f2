import { checkAgainstSchema, checkMapping, checkMatchingAgainstSchema, runMappingTests } from '@autoprov/mapping';
import type { ProvisioningSetup, ScimProfile, TargetSchema } from '@autoprov/proto';
import { prefix, type Violation } from './check-setup.ts';
import { passed, type Finding } from './finding.ts';

const SHOWN = 5;

/**
 * What is known of a setup's mapping, and of the attributes that its matching compares.
 *
 * @param schema the service provider's attributes; undefined: not known
 * @param customSchemas what is wrong with the custom schemas that rows and filter name
 */
export function judgeMapping(
  { attributeMapping, matching }: ProvisioningSetup,
  schema: TargetSchema | undefined,
  profile: ScimProfile,
  customSchemas: readonly Violation[],
): Finding {
  const rows = attributeMapping?.rows ?? [];
  const wrong = checkMapping(rows);
  const there = wrong.length > 0 ? { violations: [], warnings: [] } : checkAgainstSchema(rows, schema, profile);
  const compared = checkMatchingAgainstSchema(matching, schema);
  const violations = [
    ...[...wrong, ...there.violations].map(inSetup),
    ...prefix('setup.matching', compared.violations),
    ...customSchemas,
  ];
  if (violations.length > 0) return wrongMapping(violations);
  const warnings = [...there.warnings.map(inSetup), ...prefix('setup.matching', compared.warnings)];
  if (warnings.length === 0) return passed('mapping');
  const message = describe(warnings);
  return { id: 'mapping', verdict: 'advice', code: '', reason: 'MAPPING_DOUBTFUL', message };
}

/** `mapping`, for what is wrong with it. */
export function wrongMapping(violations: Violation[]): Finding {
  const refusal = { reason: 'INVALID_REQUEST' as const, violations };
  return { id: 'mapping', verdict: 'failed', code: '', reason: refusal.reason, message: describe(violations), refusal };
}

/** What becomes of each of a setup's mapping tests; none when the mapping itself can't be used. */
export function judgeMappingTests({ attributeMapping, scope, mappingTests }: ProvisioningSetup): Finding[] {
  const rows = attributeMapping?.rows ?? [];
  if (checkMapping(rows).length > 0) return [];
  const failures = Map.groupBy(runMappingTests(rows, scope, mappingTests), ({ test }) => test);
  return mappingTests.map(({ name }, i) => {
    const id = `mapping_test ${name}`;
    const failed = failures.get(name);
    if (!failed) return passed(id);
    const violations = failed.map(({ description }) => ({ field: `setup.mapping_tests[${i}]`, description }));
    const refusal = { reason: 'INVALID_REQUEST' as const, violations };
    return { id, verdict: 'failed', code: '', reason: 'MAPPING_TEST_FAILED', message: describe(violations), refusal };
  });
}

function describe(violations: readonly Violation[]): string {
  const shown = violations.slice(0, SHOWN).map(({ field, description }) => `${field} ${description}`);
  const more = violations.length > SHOWN ? [`and ${violations.length - SHOWN} more`] : [];
  return [...shown, ...more].join('; ');
}

function inSetup({ field, description }: Violation): Violation {
  return { field: `setup.attribute_mapping.${field}`, description };
}
