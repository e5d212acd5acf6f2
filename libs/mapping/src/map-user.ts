import { MappingRow_Apply, MappingRow_OnNull, type MappingRow } from '@autoprov/proto';
import { isObject, isUnassigned, type AttributePath, type JsonObject, type JsonValue } from '@autoprov/scim';
import { compileExpression } from './expression/compile-expression.ts';
import { rowValue } from './row-value.ts';
import { parseSourcePath } from './source-path.ts';
import { parseTargetPath, readTarget, writeTarget } from './target-path.ts';

const coreSchema = 'urn:ietf:params:scim:schemas:core:2.0:User';

/** What a person's account should hold. */
export type MappedUser = {
  /** The SCIM user with `schemas`, without `active` (which is no attribute of the directory but a decision). */
  resource: JsonObject;
  /** Required targets without a value: nothing may be sent (45016). */
  missing: string[];
  /** References whose account is not known yet; left out of the resource until it is. */
  parked: string[];
  /** Rows whose expression failed for this person: nothing may be sent (45006). */
  failed: FailedRow[];
};

/** A row that has no answer for a person, and why: a sentence that begins with the place in the expression. */
export type FailedRow = { target: string; problem: string };

/**
 * Maps one directory user to a SCIM user.
 *
 * @param rows a mapping that `checkMapping` found right; a row it would refuse throws
 * @param user Google's users resource
 * @param references the service provider's id for each value that `referencesOf` answers, where known
 * @param accepted the resource last accepted; decides what `on create` and `keep` leave as it is
 */
export function mapUser(
  rows: readonly MappingRow[],
  user: JsonObject,
  references: ReadonlyMap<string, string>,
  accepted?: JsonObject,
): MappedUser {
  const resource: JsonObject = { schemas: [coreSchema] };
  const missing: string[] = [];
  const parked: string[] = [];
  const failed: FailedRow[] = [];
  for (const row of rows) {
    const target = targetOf(row);
    const given = rowValue(row, user);
    // What is written on create only is not asked for again.
    if (given.problem !== undefined && !isKept(row, accepted)) {
      failed.push({ target: row.target, problem: given.problem });
      continue;
    }
    let { value } = given;
    if (isReference(target) && typeof value === 'string') {
      const id = references.get(value);
      if (id === undefined) parked.push(value);
      value = id;
    }
    value = keptValue(row, target, value, accepted);
    if (value !== undefined && !isUnassigned(value)) writeTarget(resource, target, value);
    else if (row.required) missing.push(row.target);
  }
  finishResource(resource);
  return { resource, missing, parked, failed };
}

/** What a mapping manages of a resource, with `active`: attributes that no row names are not ours to change. */
export function managedPart(rows: readonly MappingRow[], resource: JsonObject): JsonObject {
  const part: JsonObject = {};
  for (const target of rows.map(targetOf)) {
    const value = readTarget(resource, target);
    if (value !== undefined && !isUnassigned(value)) writeTarget(part, target, value);
  }
  if (resource['active'] !== undefined) part['active'] = resource['active'];
  finishResource(part);
  return part;
}

/** The values (addresses or ids) that must be turned into the service provider's ids before mapping. */
export function referencesOf(rows: readonly MappingRow[], user: JsonObject): string[] {
  const values = rows.filter((row) => isReference(targetOf(row))).map((row) => rowValue(row, user).value);
  return values.filter((value) => typeof value === 'string');
}

/**
 * The directory's custom schemas that a mapping and other expressions read (a scope's filter, matching rules), sorted: what a
 * read must cover before anything can be decided.
 */
export function schemasOf(rows: readonly MappingRow[], ...expressions: readonly string[]): string[] {
  const named = rows.flatMap(({ source }) => {
    if (source?.$case === 'expression') return schemasIn(source.value);
    const steps = source?.$case === 'attribute' ? parseSourcePath(source.value)?.steps : undefined;
    return steps?.[0]?.key === 'customSchemas' && steps[1] ? [steps[1].key] : [];
  });
  return [...new Set([...named, ...expressions.flatMap(schemasIn)])].sort();
}

function schemasIn(expression: string): string[] {
  const compiled = expression === '' ? undefined : compileExpression(expression);
  return compiled?.ok ? compiled.expression.schemas : [];
}

function targetOf(row: MappingRow): AttributePath {
  const target = parseTargetPath(row.target);
  if (!target) throw new Error(`mapping target "${row.target}" is not a SCIM path: correct the mapping row`);
  return target;
}

/** The manager is the one reference of the core and enterprise schemas (RFC 7643 §4.3). */
function isReference(target: AttributePath): boolean {
  return target.urn !== undefined && target.attribute === 'manager' && target.subAttribute === 'value';
}

function isKept(row: MappingRow, accepted: JsonObject | undefined): boolean {
  return accepted !== undefined && row.apply === MappingRow_Apply.APPLY_ON_CREATE;
}

function keptValue(
  row: MappingRow,
  target: AttributePath,
  value: JsonValue | undefined,
  accepted: JsonObject | undefined,
) {
  if (accepted === undefined) return value;
  const keepsNull = row.onNull === MappingRow_OnNull.ON_NULL_KEEP && isUnassigned(value);
  return isKept(row, accepted) || keepsNull ? readTarget(accepted, target) : value;
}

function finishResource(resource: JsonObject): void {
  dropEmptyElements(resource);
  addSchemas(resource);
  markPrimary(resource);
}

/** An item of a list may have no value for any of the rows that write it. */
function dropEmptyElements(resource: JsonObject): void {
  for (const [name, value] of Object.entries(resource)) {
    if (name.startsWith('urn:') && isObject(value)) dropEmptyElements(value);
    if (!Array.isArray(value)) continue;
    const elements = value.filter(
      (element) => !isObject(element) || Object.keys(element).some((key) => key !== 'type'),
    );
    if (elements.length > 0) resource[name] = elements;
    else delete resource[name];
  }
}

function addSchemas(resource: JsonObject): void {
  const extensions = Object.keys(resource).filter((key) => key.startsWith('urn:'));
  resource['schemas'] = [coreSchema, ...extensions];
}

/** Service providers differ on two primaries and on none; exactly one e-mail is primary: the first that is mapped. */
function markPrimary(resource: JsonObject): void {
  const emails = resource['emails'] as JsonObject[] | undefined;
  if (Array.isArray(emails) && !emails.some((email) => 'primary' in email) && emails[0]) emails[0]['primary'] = true;
}
