import { DirectoryError } from './directory-error.ts';

/** An org unit to pick. */
export type ObservedOrgUnit = { path: string; displayName: string; parentPath: string };

/** A group to pick. */
export type ObservedGroup = { groupId: string; email: string; displayName: string };

/** Takes an answer of orgunits.list apart. Throws DirectoryError (unusable) when it cannot be one. */
export function parseOrgUnits(body: unknown): ObservedOrgUnit[] {
  return listOf(body, 'orgunits.list', 'organizationUnits').map((unit) => ({
    path: textOf(unit, 'orgUnitPath'),
    displayName: textOf(unit, 'name'),
    parentPath: textOf(unit, 'parentOrgUnitPath'),
  }));
}

/** Takes an answer of groups.list apart. Throws as parseOrgUnits. */
export function parseGroups(body: unknown): ObservedGroup[] {
  return listOf(body, 'groups.list', 'groups').map((group) => ({
    groupId: textOf(group, 'id'),
    email: textOf(group, 'email'),
    displayName: textOf(group, 'name'),
  }));
}

/**
 * The queries for groups whose address or name begins with a text (Directory API, "Search for groups": clauses can only
 * be joined by "and"). No address has a space in it.
 */
export function groupQueries(text: string): string[] {
  // As the guide says: in quotes when there is whitespace in it; quotes in it are escaped.
  const escaped = text.replaceAll(/[\\']/g, String.raw`\$&`);
  const value = /[\s'\\]/.test(text) ? `'${escaped}*'` : `${text}*`;
  return /\s/.test(text) ? [`name:${value}`] : [`email:${value}`, `name:${value}`];
}

/** An empty list has no key at all. */
function listOf(body: unknown, method: string, key: string): Record<string, unknown>[] {
  const list = typeof body === 'object' && body !== null ? ((body as Record<string, unknown>)[key] ?? []) : undefined;
  if (Array.isArray(list) && list.every((item) => typeof item === 'object' && item !== null)) {
    return list as Record<string, unknown>[];
  }
  throw new DirectoryError('unusable', `${method} answered 200 with something other than a list`);
}

function textOf(resource: Record<string, unknown>, key: string): string {
  const value = resource[key];
  return typeof value === 'string' ? value : '';
}
