import type { MappingRow, ScimProfile, TargetSchema } from '@autoprov/proto';
import type { MappingViolation } from './check-mapping.ts';

/** What a service provider's schema and profile say of a mapping. */
export type SchemaFindings = {
  /** Rows that can't work there: to be refused. */
  violations: MappingViolation[];
  /** What works, but perhaps not as meant. */
  warnings: MappingViolation[];
};

/**
 * Compares a mapping that `checkMapping` found right with what a service provider takes.
 *
 * @param schema the service provider's attributes; undefined when unknown
 * @param profile what the template says of it
 */
export function checkAgainstSchema(
  _rows: readonly MappingRow[],
  _schema: TargetSchema | undefined,
  _profile: ScimProfile | undefined,
): SchemaFindings {
  return { violations: [], warnings: [] };
}
