import { DirectoryError } from './directory-error.ts';
import { userFields } from './field-mask.ts';

/** The states of a user in the mirror. */
export type UserState = 'active' | 'suspended' | 'archived' | 'deleted';

/** A user as the directory gives it. */
export type ObservedUser = {
  id: string;
  primaryEmail: string;
  state: UserState;
  orgUnitPath: string;
  /** Google's users resource, limited to the field mask. */
  attributes: Record<string, unknown>;
};

/** A direct member of a group. */
export type ObservedMember = {
  kind: 'user' | 'group' | 'everybody';
  id: string;
  /** The address in lower case; empty: none. */
  email: string;
};

/** A page of a list. */
export type Page<Item> = {
  items: Item[];
  /** The answer had the list's key. Google leaves the key out when a list is empty, and when it goes wrong. */
  listed: boolean;
  nextPageToken: string | undefined;
};

/** Takes an answer of users.list apart. Throws DirectoryError (unusable) when it cannot be one. */
export function parseUsersPage(body: unknown): Page<ObservedUser> {
  const { items, ...page } = parsePage(body, 'users.list', 'users');
  // A directory holds at least the admin on whose behalf it is read.
  if (!page.listed) throw new DirectoryError('unusable', 'users.list answered 200 without its "users" key');
  return { ...page, items: unique(items.map(parseUser)) };
}

/** Takes an answer of users.list with showDeleted apart; without its key nobody was deleted. Throws as parseUsersPage. */
export function parseDeletedUsersPage(body: unknown): Page<ObservedUser> {
  const { items, ...page } = parsePage(body, 'users.list', 'users');
  return { ...page, items: unique(items.map(parseUser)) };
}

/** Takes an answer of members.list apart; members of kinds that are not ours are left out. Throws as parseUsersPage. */
export function parseMembersPage(body: unknown): Page<ObservedMember> {
  const { items, ...page } = parsePage(body, 'members.list', 'members');
  return { ...page, items: unique(items.flatMap(parseMember)) };
}

/** Takes a users resource apart. Throws DirectoryError (unusable) when it has no id. */
export function parseUser(resource: unknown): ObservedUser {
  if (!isObject(resource) || typeof resource.id !== 'string' || resource.id === '') {
    throw new DirectoryError('unusable', 'the directory answered with a user that has no id');
  }
  const attributes = Object.fromEntries(
    userFields.filter((field) => resource[field] !== undefined).map((field) => [field, cleaned(resource[field])]),
  );
  return {
    id: resource.id,
    primaryEmail: text(attributes.primaryEmail),
    state: stateOf(resource),
    orgUnitPath: text(attributes.orgUnitPath),
    attributes,
  };
}

function stateOf({ deletionTime, archived, suspended }: Record<string, unknown>): UserState {
  if (typeof deletionTime === 'string' && deletionTime !== '') return 'deleted';
  // An archived user is suspended as well, or cannot sign in all the same: the finer word is kept.
  if (archived === true) return 'archived';
  return suspended === true ? 'suspended' : 'active';
}

function parseMember(resource: unknown): ObservedMember[] {
  if (!isObject(resource))
    throw new DirectoryError('unusable', 'members.list answered with a member that is no object');
  const email = text(resource.email).toLowerCase();
  // The one member of type CUSTOMER stands for everybody in the directory.
  if (resource.type === 'CUSTOMER') return [{ kind: 'everybody', id: text(resource.id), email: '' }];
  const kind = resource.type === 'GROUP' ? 'group' : 'user';
  // People outside the directory may have no id, or one that no user of ours has.
  if (typeof resource.id !== 'string' || resource.id === '' || resource.type === 'EXTERNAL') return [];
  return [{ kind, id: resource.id, email }];
}

function parsePage(body: unknown, method: string, key: string) {
  if (!isObject(body))
    throw new DirectoryError('unusable', `${method} answered 200 with something other than a JSON object`);
  const list = body[key];
  if (list !== undefined && !Array.isArray(list)) {
    throw new DirectoryError('unusable', `${method} answered 200 with a "${key}" that is no list`);
  }
  return {
    items: (list ?? []) as unknown[],
    listed: list !== undefined,
    nextPageToken: text(body.nextPageToken) || undefined,
  };
}

/** Without repeats, the last of each kept: one statement cannot write one row twice. */
function unique<Item extends { id: string; kind?: string }>(items: Item[]): Item[] {
  return [...new Map(items.map((item) => [`${item.kind ?? ''}/${item.id}`, item])).values()];
}

/** Without what PostgreSQL's jsonb cannot hold: U+0000 and halves of surrogate pairs. */
function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\0', '');
  if (Array.isArray(value)) return value.map(cleaned);
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [String(cleaned(key)), cleaned(inner)]));
  return value;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
