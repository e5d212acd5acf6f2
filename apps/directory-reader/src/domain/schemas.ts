import { DirectoryError } from './directory-error.ts';

/** A custom schema of the directory. */
export type DirectorySchema = {
  schemaName: string;
  displayName: string;
  fields: { fieldName: string; fieldType: string; multiValued: boolean }[];
};

/**
 * Takes an answer of schemas.list apart (Admin SDK Directory API, REST resource "schemas"), by name; without its
 * `schemas` key there are none. Throws DirectoryError (unusable) when it cannot be one.
 */
export function parseSchemas(body: unknown): DirectorySchema[] {
  const { schemas = [] } = body as { schemas?: unknown };
  if (!Array.isArray(schemas))
    throw new DirectoryError('unusable', 'schemas.list answered 200 with "schemas" that are no list');
  return (schemas as GoogleSchema[])
    .map(({ schemaName = '', displayName = '', fields = [] }) => ({
      schemaName,
      displayName: displayName || schemaName,
      fields: fields.map(({ multiValued = false, fieldName, fieldType }) => ({ fieldName, fieldType, multiValued })),
    }))
    .filter((schema) => schema.schemaName !== '')
    .sort((a, b) => (a.schemaName < b.schemaName ? -1 : 1));
}

type GoogleSchema = {
  schemaName?: string;
  displayName?: string;
  fields?: { fieldName: string; fieldType: string; multiValued?: boolean }[];
};
