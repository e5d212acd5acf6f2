import { createHash } from 'node:crypto';
import { openChannel, stopChannel } from './channels.ts';
import type { Directory } from './directory.ts';
import { applyFieldMask, parseFieldMask } from './field-mask.ts';
import { GoogleError } from './google-error.ts';
import type { RequestKind } from './faults.ts';
import { takePage } from './pages.ts';
import { findGroup, findUser } from './state.ts';
import type { GoogleGroup, GoogleUser, GroupMember } from './state.ts';

type Query = Record<string, string>;

/** One method of the Admin SDK Directory API. */
export type ApiMethod = {
  kind: RequestKind;
  /** Its groups are the path's keys. */
  path: RegExp;
  /** The last part of the scope's name, without `.readonly`. */
  scope: string;
  /** Parameters it understands; any other is refused, for a stand-in that ignores one would hide a mistake. */
  parameters: string[];
  answer: (
    directory: Directory,
    query: Query,
    key: string,
    body: Record<string, unknown>,
  ) => Record<string, unknown> | '';
  /** Default: GET. */
  verb?: 'POST';
};

/** The methods the example directory has. */
export const apiMethods: ApiMethod[] = [
  {
    kind: 'usersList',
    path: /^\/admin\/directory\/v1\/users$/,
    scope: 'admin.directory.user',
    parameters: ['customer', 'maxResults', 'orderBy', 'pageToken', 'projection', 'customFieldMask', 'showDeleted'],
    answer: listUsers,
  },
  {
    kind: 'usersGet',
    path: /^\/admin\/directory\/v1\/users\/([^/]+)$/,
    scope: 'admin.directory.user',
    parameters: ['projection', 'customFieldMask'],
    answer: getUser,
  },
  {
    kind: 'membersList',
    path: /^\/admin\/directory\/v1\/groups\/([^/]+)\/members$/,
    scope: 'admin.directory.group.member',
    parameters: ['maxResults', 'pageToken'],
    answer: listMembers,
  },
  {
    kind: 'schemasList',
    path: /^\/admin\/directory\/v1\/customer\/([^/]+)\/schemas$/,
    scope: 'admin.directory.userschema',
    parameters: [],
    answer: listSchemas,
  },
  {
    kind: 'usersWatch',
    verb: 'POST',
    path: /^\/admin\/directory\/v1\/users\/watch$/,
    scope: 'admin.directory.user',
    parameters: ['customer', 'event'],
    answer: (directory, query, _, body) => {
      demandCustomer(directory, query['customer'] ?? '');
      return openChannel(directory.channels, { event: query['event'], body });
    },
  },
  {
    kind: 'channelsStop',
    verb: 'POST',
    path: /^\/admin\/directory_v1\/channels\/stop$/,
    scope: 'admin.directory.user',
    parameters: [],
    answer: (directory, _query, _key, body) => {
      stopChannel(directory.channels, body);
      return '';
    },
  },
  {
    kind: 'orgUnitsList',
    path: /^\/admin\/directory\/v1\/customer\/([^/]+)\/orgunits$/,
    scope: 'admin.directory.orgunit',
    parameters: ['type'],
    answer: listOrgUnits,
  },
  {
    kind: 'groupsList',
    path: /^\/admin\/directory\/v1\/groups$/,
    scope: 'admin.directory.group',
    parameters: ['customer', 'query', 'maxResults'],
    answer: listGroups,
  },
];

function listUsers(directory: Directory, query: Query) {
  if (!query['customer']) throw new GoogleError(400, 'badRequest', 'Bad Request');
  demandCustomer(directory, query['customer']);
  const by = sortKey(query['orderBy']);
  const size = pageSize(query['maxResults'], 100, Math.min(500, directory.pageSizeMax ?? 500));
  const deleted = query['showDeleted'] === 'true';
  const listed = sortedUsers(directory, by).filter((user) => Boolean(user.deletionTime) === deleted);
  const page = takePage(listed, (user) => user[by], size, query['pageToken']);
  const users = page.items.map((user) => showUser(directory, user, query));
  return withEtag({
    kind: 'admin#directory#users',
    ...(users.length > 0 && { users }),
    ...(page.nextPageToken && { nextPageToken: page.nextPageToken }),
  });
}

function getUser(directory: Directory, query: Query, key: string) {
  const user = findUser(directory.state, key);
  if (!user) throw new GoogleError(404, 'notFound', 'Resource Not Found: userKey');
  if (user.deletionTime) throw new GoogleError(412, 'conditionNotMet', 'User is deleted.');
  return showUser(directory, user, query);
}

function listMembers({ state, pageSizeMax = 200 }: Directory, query: Query, key: string) {
  const group = findGroup(state, key);
  if (!group) throw new GoogleError(404, 'notFound', 'Resource Not Found: groupKey');
  const size = pageSize(query['maxResults'], 200, Math.min(200, pageSizeMax));
  const sorted = group.members.toSorted((a, b) => compare(a.id, b.id));
  const page = takePage(sorted, ({ id }) => id, size, query['pageToken']);
  const members = page.items.map((member) =>
    showMember(member, state.users.get(member.id) ?? state.groups.get(member.id)),
  );
  // An empty group has no `members` key at all, as at Google.
  return withEtag({
    kind: 'admin#directory#members',
    ...(members.length > 0 && { members }),
    ...(page.nextPageToken && { nextPageToken: page.nextPageToken }),
  });
}

function listSchemas(directory: Directory, _: Query, customer: string) {
  demandCustomer(directory, customer);
  const schemas = directory.state.schemas.map((schema) => withEtag({ kind: 'admin#directory#schema', ...schema }));
  return withEtag({ kind: 'admin#directory#schemas', ...(schemas.length > 0 && { schemas }) });
}

/** All org units below the root: those of the users, and those above them. */
function listOrgUnits(directory: Directory, query: Query, customer: string) {
  demandCustomer(directory, customer);
  const all = [...directory.state.users.values()].flatMap(({ orgUnitPath }) => {
    const names = orgUnitPath.split('/').filter(Boolean);
    return names.map((_, i) => `/${names.slice(0, i + 1).join('/')}`);
  });
  const paths = [...new Set(all)].toSorted(compare);
  const shown = query['type'] === 'all' ? paths : paths.filter((path) => path.lastIndexOf('/') === 0);
  const organizationUnits = shown.map((path) => ({
    kind: 'admin#directory#orgUnit',
    name: path.slice(path.lastIndexOf('/') + 1),
    orgUnitPath: path,
    orgUnitId: `id:${createHash('sha256').update(path).digest('hex').slice(0, 14)}`,
    parentOrgUnitPath: path.slice(0, path.lastIndexOf('/')) || '/',
  }));
  return withEtag({ kind: 'admin#directory#orgUnits', ...(shown.length > 0 && { organizationUnits }) });
}

/** The first page of the groups whose name or address begins so (Directory API, "Search for groups"). */
function listGroups(directory: Directory, query: Query) {
  demandCustomer(directory, query['customer'] ?? '');
  const [, field, quoted, plain] =
    /^(email|name):(?:'((?:[^'\\]|\\.)*)\*'|([^\s']+)\*)$/.exec(query['query'] ?? '') ?? [];
  if (!field) throw new GoogleError(400, 'invalid', 'Invalid Input: query');
  const prefix = (quoted ?? plain ?? '').replaceAll(/\\(.)/g, '$1').toLowerCase();
  const size = pageSize(query['maxResults'], 200, 200);
  const groups = [...directory.state.groups.values()]
    .filter((group) => group[field as 'email' | 'name'].toLowerCase().startsWith(prefix))
    .toSorted((a, b) => compare(a.email, b.email))
    .slice(0, size)
    .map(({ id, email, name }) => withEtag({ kind: 'admin#directory#group', id, email, name }));
  return withEtag({ kind: 'admin#directory#groups', ...(groups.length > 0 && { groups }) });
}

function showUser(directory: Directory, user: GoogleUser, query: Query): Record<string, unknown> {
  const { customSchemas, ...core } = user;
  const shown = { kind: 'admin#directory#user', ...core, ...showCustomSchemas(customSchemas, query) };
  return withEtag({ ...shown, customerId: directory.state.customerId });
}

function showCustomSchemas(schemas: GoogleUser['customSchemas'], query: Query) {
  const projection = query['projection'] ?? 'basic';
  if (!schemas || projection === 'basic') return {};
  if (projection === 'full') return { customSchemas: schemas };
  if (projection !== 'custom' || !query['customFieldMask']) {
    throw new GoogleError(400, 'invalid', 'Invalid Input: custom_field_mask');
  }
  const wanted = query['customFieldMask'].split(',');
  const kept = Object.entries(schemas).filter(([name]) => wanted.includes(name));
  return kept.length > 0 ? { customSchemas: Object.fromEntries(kept) } : {};
}

function showMember({ id, type, email }: GroupMember, who: GoogleUser | GoogleGroup | undefined) {
  const shown: Record<string, unknown> = { kind: 'admin#directory#member', id, role: 'MEMBER', type };
  if (email !== undefined) Object.assign(shown, { email });
  if (type === 'EXTERNAL') delete shown['id'];
  if (who && 'primaryEmail' in who) {
    Object.assign(shown, { email: who.primaryEmail, status: who.suspended ? 'SUSPENDED' : 'ACTIVE' });
  } else if (who) {
    Object.assign(shown, { email: who.email, status: 'ACTIVE' });
  }
  return withEtag(shown);
}

function sortedUsers(directory: Directory, by: 'id' | 'primaryEmail'): GoogleUser[] {
  const { sorted, version } = directory;
  if (sorted?.version === version && sorted.by === by) return sorted.users;
  const current = [...(directory.laggingUsers ?? directory.state.users.values())];
  const users = current
    .map((user) => directory.laggingUser.get(user.id) ?? user)
    .toSorted((a, b) => compare(a[by], b[by]));
  directory.sorted = { version, by, users };
  return users;
}

function sortKey(orderBy: string | undefined): 'id' | 'primaryEmail' {
  if (orderBy === undefined) return 'id';
  if (orderBy.toLowerCase() === 'email') return 'primaryEmail';
  throw new GoogleError(
    400,
    'invalid',
    `Invalid Input: orderBy ${orderBy} (the example directory orders by email only)`,
  );
}

function pageSize(text: string | undefined, fallback: number, most: number): number {
  const size = Number(text ?? fallback);
  if (!Number.isInteger(size) || size < 1) throw new GoogleError(400, 'invalid', 'Invalid Input: maxResults');
  return Math.min(size, most);
}

function demandCustomer({ state }: Directory, customer: string): void {
  if (customer !== 'my_customer' && customer !== state.customerId) {
    throw new GoogleError(404, 'notFound', 'Resource Not Found: customer');
  }
}

function withEtag(resource: Record<string, unknown>): Record<string, unknown> {
  const hash = createHash('sha256').update(JSON.stringify(resource)).digest('base64url');
  return { ...resource, etag: `"${hash}"` };
}

/** Code-unit order: the same everywhere, unlike a locale's. */
function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Refuses parameters a method does not know, and applies the `fields` mask to what it answers. */
export function answerMethod(
  method: ApiMethod,
  directory: Directory,
  query: Query,
  { key, body }: { key: string; body: Record<string, unknown> },
) {
  const known = [...method.parameters, 'fields', 'prettyPrint', 'alt'];
  const unknown = Object.keys(query).find((name) => !known.includes(name));
  if (unknown) throw new GoogleError(400, 'invalidParameter', `The example directory has no parameter ${unknown}`);
  const mask = query['fields'] === undefined ? undefined : parseFieldMask(query['fields']);
  const answer = method.answer(directory, query, key, body);
  return mask && answer !== '' ? (applyFieldMask(answer, mask) as Record<string, unknown>) : answer;
}
