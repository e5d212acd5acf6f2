import type { Db } from '@autoprov/postgres';
import { saveRemovalsKeptBack } from '../store/apps.ts';
import { wakePeople } from '../store/due-people.ts';
import { saveMemberships, type DecidedMemberships, type Membership } from '../store/group-members.ts';
import { saveGuardedChanges } from '../store/guarded-changes.ts';
import { endHeldActions } from '../store/held-actions.ts';
import type { Turn } from './outcome.ts';
import type { Pass } from './pass.ts';

const removalRetryMs = 10_000;

/**
 * Writes down which pushed groups these people should be members of, before anything about them is sent: their groups are pushed
 * after them. Who is in a group but should have no account for now neither joins nor leaves: when the account goes,
 * the service provider ends its memberships.
 */
export async function noteMemberships(pass: Pass, turns: readonly Turn[]): Promise<void> {
  const groupIds = pass.app.setup.pushedGroups.map(({ group }) => group);
  if (groupIds.length === 0 || turns.length === 0) return;
  const now = pass.ctx.now();
  const decided = membershipsOf(turns, groupIds);
  const leaving = turns.filter(({ leavesGroups = [] }) => leavesGroups.length > 0);
  const keptBack = turns.filter(({ lostGroups = [] }) => pass.removalsHeld && lostGroups.length > 0);
  await pass.write(async (tx) => {
    await saveMemberships(tx, pass.app, decided, now);
    for (const turn of leaving) await saveLeaving(tx, pass, turn);
    if (keptBack.length === 0) return;
    if (pass.removalsHeld === 'hold') return saveRemovalsKeptBack(tx, pass.app, true);
    const userIds = keptBack.map(({ userId }) => userId);
    await wakePeople(tx, pass.app, userIds, new Date(now.getTime() + removalRetryMs));
  });
}

function membershipsOf(turns: readonly Turn[], groupIds: readonly string[]): DecidedMemberships {
  const pushed = new Set(groupIds);
  const pairs = (select: (turn: Turn) => readonly string[]): Membership[] =>
    turns.flatMap((turn) => select(turn).map((groupId) => ({ groupId, userId: turn.userId })));
  const groupsOf = ({ user }: Turn) => user.groups.filter((group) => pushed.has(group));
  return {
    userIds: turns.map(({ userId }) => userId),
    groupIds,
    joins: pairs((turn) => (shouldHaveAccount(turn) ? groupsOf(turn) : [])),
    stays: pairs(groupsOf),
    leaves: pairs(({ leavesGroups = [] }) => leavesGroups),
    deleted: turns.flatMap(({ userId, account }) => (account.state === 'deleted' ? [userId] : [])),
  };
}

function shouldHaveAccount({ decision }: Turn): boolean {
  return decision.inScope === true && decision.trigger === undefined;
}

/** What the guard let go counts, unless somebody has approved it. */
async function saveLeaving(tx: Db, { app, ctx }: Pass, { userId, letGo = [] }: Turn): Promise<void> {
  const lost = letGo.find(({ danger }) => danger === 'membership');
  if (!lost) return;
  const now = ctx.now();
  if (lost.heldNo === undefined) return saveGuardedChanges(tx, app, userId, ['membership'], now);
  await endHeldActions(tx, app, [{ heldNo: lost.heldNo, reason: 'applied' }], now);
}
