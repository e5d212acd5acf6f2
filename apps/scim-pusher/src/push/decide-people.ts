import type { DirectoryUser } from '@autoprov/proto';
import { referencesOf } from '@autoprov/mapping';
import type { JsonObject, ScimUser } from '@autoprov/scim';
import { decide, type Decision } from '../domain/decide.ts';
import type { LinkedAccount } from '../domain/link-account.ts';
import { noAccount, type Account } from '../domain/model.ts';
import { findAccounts, findScimIds } from '../store/accounts.ts';
import { findUserIds } from '../store/users.ts';
import { findMemberships } from '../store/group-members.ts';
import type { Turn } from './outcome.ts';
import type { Pass } from './pass.ts';

/**
 * The decision for each user, by what is known now.
 *
 * @param undone what undos bring accounts back to: as stored, none (a setup that is changed ends them), or by user id
 */
export async function decideFor(
  pass: Pick<Pass, 'ctx' | 'app'>,
  users: readonly DirectoryUser[],
  undone: 'as stored' | ReadonlyMap<string, ScimUser> = 'as stored',
): Promise<Turn[]> {
  const { ctx, app } = pass;
  const userIds = users.map(idOf);
  const accounts = new Map((await findAccounts(ctx.pool, app, userIds)).map((account) => [account.userId, account]));
  const references = await resolveReferences(pass, users);
  const lostGroups = await findLostGroups({ ctx, app }, users);
  const now = ctx.now();
  return users.map((user) => {
    const known: Account = accounts.get(idOf(user)) ?? noAccount(idOf(user));
    const account = undone === 'as stored' ? known : { ...known, undo: undone.get(idOf(user)) };
    const decision: Decision = decide({ setup: app.setup, user, account, references, now });
    const lost = lostGroups.get(idOf(user));
    return { userId: idOf(user), user, decision, account, references, ...(lost && { lostGroups: lost }) };
  });
}

/** What is decided for somebody whose account was found, once it is linked: by the same decision as for any account. */
export function decideAdoption(
  { app, user, references }: Pick<Pass, 'app'> & Pick<Turn, 'user' | 'references'>,
  linked: LinkedAccount,
  now: Date,
): Decision {
  return decide({ setup: app.setup, user, account: linked, references, now });
}

/** The pushed groups that people are no longer in, by user id, as far as the service provider has them as members. */
async function findLostGroups({ ctx, app }: Pick<Pass, 'ctx' | 'app'>, users: readonly DirectoryUser[]) {
  const groupIds = app.setup.pushedGroups.map(({ group }) => group);
  if (groupIds.length === 0) return new Map<string, string[]>();
  const groupsOf = new Map(users.map((user) => [idOf(user), new Set(user.groups)]));
  const known = await findMemberships(ctx.pool, app, groupIds, [...groupsOf.keys()]);
  const lost = known.filter(({ groupId, userId }) => !groupsOf.get(userId)!.has(groupId));
  return new Map(
    [...Map.groupBy(lost, ({ userId }) => userId)].map(([id, all]) => [id, all.map((one) => one.groupId)]),
  );
}

/** The service provider's id for each reference of these users, where the person has an account. */
async function resolveReferences({ ctx, app }: Pick<Pass, 'ctx' | 'app'>, users: readonly DirectoryUser[]) {
  const userIds = await findUserIds(ctx.pool, app.customerId, referencesIn({ app }, users));
  const scimIds = await findScimIds(ctx.pool, app, [...userIds.values()]);
  const resolved = [...userIds].flatMap(([reference, userId]) => {
    const scimId = scimIds.get(userId);
    return scimId === undefined ? [] : [[reference, scimId] as const];
  });
  return new Map(resolved);
}

/** Whom these people refer to, by address or id. */
export function referencesIn({ app }: Pick<Pass, 'app'>, users: readonly DirectoryUser[]): string[] {
  const rows = app.setup.attributeMapping?.rows ?? [];
  return [...new Set(users.flatMap((user) => referencesOf(rows, (user.attributes ?? {}) as JsonObject)))];
}

/** The directory's id of a user. */
export function idOf(user: DirectoryUser): string {
  return user.name.slice(user.name.lastIndexOf('/') + 1);
}
