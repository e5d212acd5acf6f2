import type { MappingRow, PreviewedValue, ScimProfile, TargetSchema } from '@autoprov/proto';
import { isUnassigned, type JsonObject } from '@autoprov/scim';
import { findRefusals, type Refusal } from './find-refusals.ts';
import { mapUser } from './map-user.ts';
import { rowValue, type RowValue } from './row-value.ts';
import { readPath } from './target-path.ts';
import { isSamePath } from './target-schema.ts';

/** What a mapping gives for one user, row by row. */
export type Preview = {
  /** One entry a row, in the order of the rows. */
  values: PreviewedValue[];
  /** The user as it would be sent, with what can be mapped. */
  resource: JsonObject;
};

/**
 * Shows what a mapping gives for one user. A row that fails is shown with its problem.
 *
 * @param references as for `mapUser`
 * @param schema the service provider's attributes; undefined when unknown
 * @param profile what the template says of it
 */
export function previewUser(
  rows: readonly MappingRow[],
  user: JsonObject,
  references: ReadonlyMap<string, string>,
  schema: TargetSchema | undefined,
  profile: ScimProfile | undefined,
): Preview {
  const { resource } = mapUser(rows, user, references);
  const refusals = findRefusals(resource, schema, profile);
  return { values: rows.map((row) => previewRow(row, rowValue(row, user), resource, refusals)), resource };
}

function previewRow(
  row: MappingRow,
  given: RowValue,
  resource: JsonObject,
  refusals: readonly Refusal[],
): PreviewedValue {
  const sent = given.value === undefined ? undefined : readPath(resource, row.target);
  const problem = problemOf(row, given, isUnassigned(sent), refusals);
  return { target: row.target, ...(sent !== undefined && { value: sent }), origin: originOf(row, given), problem };
}

function problemOf(row: MappingRow, given: RowValue, isAbsent: boolean, refusals: readonly Refusal[]): string {
  if (given.problem !== undefined) return `the expression fails for this person: ${given.problem}`;
  if (given.value !== undefined && isAbsent) {
    return 'the person it refers to has no account yet: it is sent once there is one';
  }
  if (isAbsent && row.required) {
    return 'is required, but has no value: fill it in the directory, or give the row a default';
  }
  return refusals.find(({ path }) => isSamePath(path, row.target) || isPartOf(path, row.target))?.problem ?? '';
}

/** A row may write a whole attribute, whose parts are refused one by one. */
function isPartOf(path: string, target: string): boolean {
  const [part, whole] = [path.toLowerCase(), target.toLowerCase()];
  return part.startsWith(`${whole}.`) || part.startsWith(`${whole}[`);
}

function originOf({ source }: MappingRow, { from }: RowValue): string {
  const origins = { expression: 'the expression', constant: 'the constant' };
  const origin =
    source?.$case === 'attribute' ? `the attribute ${source.value}` : source ? origins[source.$case] : 'no source';
  return from === 'default' ? `the default, because ${origin} has no value` : origin;
}
