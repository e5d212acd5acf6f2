import { randomUUID } from 'node:crypto';
import express from 'express';
import SCIMMY from 'scimmy';
import { SCIMMYRouters } from 'scimmy-routers';
import type { ScimAccount } from './list-accounts.ts';
import { startServiceProvider } from './service-provider.ts';
import type { ServiceProvider, ServiceProviderOptions } from './service-provider.ts';

/** How to start one. */
export type ScimmyOptions = ServiceProviderOptions & {
  /** Whether a second user with an equal userName or externalId is refused with 409. */
  uniqueness: boolean;
  /** A new user is in lists and filters only after so long; by its id it is there at once. Default: 0. */
  lagMs?: number;
  /** What it holds beforehand. */
  seed?: { accounts: Omit<ScimAccount, 'id'>[] };
};

type Stored = { id: string; userName?: string; externalId?: string; meta: { created: Date; lastModified: Date } };
type Table<Resource extends Stored> = Map<string, Resource>;
type Store = {
  users: Table<Stored & { userName: string }>;
  groups: Table<Stored & { displayName: string }>;
  uniqueness: boolean;
  lagMs: number;
};

/**
 * Starts scimmy's SCIM server (scimmy, scimmy-routers) over a map. Strict in schema and PATCH; with `uniqueness: false` it
 * takes two users with one userName, as some real providers do, so a duplicate is seen and not refused.
 *
 * Quirks to know: its filter compares case-sensitively, does not understand escaped quotes or extension URNs, and a filter
 * on emails.value is a 400 once a user without emails exists; a page beyond the end repeats the first; no Location header.
 */
export async function startScimmy(options: ScimmyOptions): Promise<ServiceProvider> {
  const { uniqueness, lagMs = 0, seed } = options;
  const store: Store = { users: new Map(), groups: new Map(), uniqueness, lagMs };
  for (const account of seed?.accounts ?? []) write(store, store.users, undefined, { active: true, ...account });
  declareResources();
  return startServiceProvider(options, '/scim/v2', (url, token) => {
    const router = new SCIMMYRouters({
      type: 'bearer',
      handler(request) {
        if (request.header('authorization') === `Bearer ${token}`) return '';
        throw new Error('the bearer token is missing or wrong');
      },
      context: () => store,
      baseUri: () => url,
    });
    // Express 4 on purpose: with Express 5 scimmy-routers ignores startIndex and count.
    return express().use('/scim/v2', router);
  });
}

let isDeclared = false;

/** scimmy keeps one registry for the whole process; which server's store is meant comes with each request's context. */
function declareResources(): void {
  if (isDeclared) return;
  isDeclared = true;
  SCIMMY.Resources.declare(SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false))
    .ingress((resource, instance, store: Store) => write(store, store.users, resource.id, instance))
    .egress((resource, store: Store) => read(store, store.users, resource))
    .degress((resource, store: Store) => remove(store.users, resource.id));
  SCIMMY.Resources.declare(SCIMMY.Resources.Group)
    .ingress((resource, instance, store: Store) => write(store, store.groups, resource.id, instance))
    .egress((resource, store: Store) => read(store, store.groups, resource))
    .degress((resource, store: Store) => remove(store.groups, resource.id));
}

function write<Resource extends Stored>(
  store: Store,
  table: Table<Resource>,
  id: string | undefined,
  instance: object,
): Resource {
  const before = id === undefined ? undefined : demand(table, id);
  const resource = JSON.parse(JSON.stringify(instance)) as Resource;
  if (store.uniqueness) refuseTwin(table, resource, id);
  const now = new Date();
  const meta = { created: before?.meta.created ?? now, lastModified: now };
  const stored = { ...resource, id: before?.id ?? randomUUID(), meta };
  table.set(stored.id, stored);
  return stored;
}

function refuseTwin(table: Table<Stored>, { userName, externalId }: Stored, id: string | undefined): void {
  for (const other of table.values()) {
    if (other.id === id) continue;
    const sameName = userName !== undefined && other.userName?.toLowerCase() === userName.toLowerCase();
    const sameExternalId = externalId !== undefined && other.externalId === externalId;
    const twin = sameName ? 'userName' : sameExternalId ? 'externalId' : undefined;
    if (twin) throw new SCIMMY.Types.Error(409, 'uniqueness', `The ${twin} is already in use`);
  }
}

function read<Resource extends Stored>(
  store: Store,
  table: Table<Resource>,
  asked: { id?: string; filter?: SCIMMY.Types.Filter; constraints?: Constraints },
): Resource | Resource[] {
  if (asked.id !== undefined) return demand(table, asked.id);
  const visibleBefore = Date.now() - store.lagMs;
  const listed = [...table.values()].filter(({ meta }) => meta.created.getTime() <= visibleBefore);
  return asked.filter ? (asked.filter.match(listed) as Resource[]) : pageOf(listed, asked.constraints);
}

type Constraints = { startIndex?: number; count?: number; sortBy?: string; totalResults?: number };

/**
 * The page that is asked for, and in `constraints` how many there are: scimmy else builds each of 20,000 resources for each
 * page. A page that scimmy would cut once more is left to it.
 */
function pageOf<Resource>(listed: Resource[], constraints: Constraints = {}): Resource[] {
  const { startIndex = 1, count, sortBy } = constraints;
  if (count === undefined || sortBy !== undefined || (startIndex > 1 && startIndex <= count)) return listed;
  constraints.totalResults = listed.length;
  const from = startIndex > listed.length ? 0 : startIndex - 1;
  return listed.slice(from, from + count);
}

function remove(table: Table<Stored>, id: string | undefined): void {
  table.delete(demand(table, id ?? '').id);
}

function demand<Resource extends Stored>(table: Table<Resource>, id: string): Resource {
  const found = table.get(id);
  if (!found) throw new SCIMMY.Types.Error(404, null!, `Resource ${id} not found`);
  return found;
}
