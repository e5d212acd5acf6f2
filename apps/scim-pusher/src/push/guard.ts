import {
  allowedCount,
  dangers,
  digestOfChange,
  findDangers,
  holdBack,
  isProtected,
  limitsOf,
  type Danger,
  type DangerousChange,
} from '../domain/guard.ts';
import { readGuardUsage, forgetGuarded, listCandidates } from '../store/guarded-changes.ts';
import {
  endHeldActions,
  findOpenActions,
  saveHeldActions,
  type EndReason,
  type HeldAction,
  type NewHeldAction,
} from '../store/held-actions.ts';
import { findUsers } from '../store/users.ts';
import type { Turn } from './outcome.ts';
import type { Pass } from './pass.ts';
import { decideFor } from './decide-people.ts';

/** How many more people may lose something in this pass, by danger. */
export type Guard = { free: Record<Danger, number> };

const surveyBatchSize = 500;
const dayMs = 86_400_000;
/** No window is longer: see GuardPolicy. */
const maxWindowMs = 31 * dayMs;
/** Who asks what became of an approval finds it for so long. */
const endedKeptMs = 30 * dayMs;

/**
 * Judges, before anything of a pass is sent, all that it will decide: where that is more than the limits leave, none of it
 * goes, not the first part up to the limit. What comes during the pass is only counted.
 *
 * @param horizonNo the pass goes no further: who changes later is judged by the next one
 */
export async function openGuard(pass: Pass, cursorNo: bigint, horizonNo: bigint): Promise<Guard> {
  const { ctx, app } = pass;
  const guard = await readFree(pass);
  const range = { cursorNo, horizonNo, now: ctx.now() };
  const least = Math.min(...dangers.map((danger) => guard.free[danger]));
  const few = await listCandidates(ctx.pool, app, range, least + 1);
  if (few.length <= least) return guard;
  const asked = await countDangers(pass, await listCandidates(ctx.pool, app, range));
  for (const danger of dangers) if (asked[danger] > guard.free[danger]) guard.free[danger] = 0;
  return guard;
}

/** What the limits leave, by what is stored. */
async function readFree({ ctx, app }: Pick<Pass, 'ctx' | 'app'>): Promise<Guard> {
  const nowMs = ctx.now().getTime();
  await forgetGuarded(ctx.pool, app, new Date(nowMs - maxWindowMs), new Date(nowMs - endedKeptMs));
  return readGuard({ ctx, app });
}

/** The same without forgetting what is old: writes nothing. */
export async function readGuard({ ctx, app }: Pick<Pass, 'ctx' | 'app'>): Promise<Guard> {
  const limits = limitsOf(app.setup.guard, ctx.settings.guard);
  const since = new Date(ctx.now().getTime() - limits.windowMs);
  const { accountCount, used } = await readGuardUsage(ctx.pool, app, since);
  const allowed = allowedCount(limits, accountCount);
  const left = (danger: Danger) => Math.max(0, allowed - used[danger]);
  return { free: { access: left('access'), identity: left('identity'), clearing: left('clearing') } };
}

/** How many of these people would lose something that is not held already. */
async function countDangers(pass: Pass, userIds: readonly string[]): Promise<Record<Danger, number>> {
  const asked = { access: 0, identity: 0, clearing: 0 };
  for (let i = 0; i < userIds.length; i += surveyBatchSize) {
    const batch = userIds.slice(i, i + surveyBatchSize);
    const turns = await decideFor(pass, await findUsers(pass.ctx.pool, pass.app.customerId, batch));
    const open = await findOpenActions(pass.ctx.pool, pass.app, batch);
    for (const turn of turns) {
      for (const change of findDangers(pass.app.setup, turn.decision, turn.account)) {
        const { danger } = change;
        if (danger === 'access' && isProtected(pass.app.setup.guard, turn.userId, turn.user.primaryEmail)) continue;
        const isHeld = open.some((row) => row.userId === turn.userId && row.danger === danger && !row.protected);
        if (!isHeld && isGuarded(pass, change)) asked[danger]++;
      }
    }
  }
  return asked;
}

/** Takes from each turn what must be held, and stores that; ends what is no longer held. */
export async function guardTurns(pass: Pass, turns: readonly Turn[]): Promise<Turn[]> {
  const withAccount = turns.filter(({ account }) => account.scimId !== undefined);
  const userIds = withAccount.map(({ userId }) => userId);
  const open = Map.groupBy(await findOpenActions(pass.ctx.pool, pass.app, userIds), ({ userId }) => userId);
  const ends: { heldNo: bigint; reason: EndReason }[] = [];
  const holds: NewHeldAction[] = [];
  const guarded: Turn[] = [];
  for (const turn of turns) {
    const rows = open.get(turn.userId) ?? [];
    const found = findDangers(pass.app.setup, turn.decision, turn.account);
    const changes = found.filter((change) => isGuarded(pass, change));
    if (changes.length > 0) pass.guard ??= await readGuard(pass);
    const judged = changes.map((change) =>
      judge(
        pass,
        turn,
        change,
        rows.find((row) => row.danger === change.danger),
      ),
    );
    for (const { end, hold } of judged) {
      if (end) ends.push(end);
      if (hold) holds.push(hold);
    }
    // A decision that is refused says nothing of what is held.
    const over = rows.filter(
      ({ danger }) => turn.decision.do !== 'refuse' && !found.some((one) => one.danger === danger),
    );
    ends.push(...over.map(({ heldNo }) => ({ heldNo, reason: 'returned' as const })));
    const held = judged.flatMap(({ change, isHeld }) => (isHeld ? [change] : []));
    const letGo = judged.flatMap(({ change: { danger }, isHeld, heldNo }) =>
      isHeld ? [] : [{ danger, ...(heldNo !== undefined && { heldNo }) }],
    );
    const decision = holdBack(pass.app.setup, turn.decision, turn.account, held);
    guarded.push({ ...turn, decision, guarded: letGo });
  }
  if (ends.length + holds.length > 0) {
    const now = pass.ctx.now();
    await pass.write(async (tx) => {
      await endHeldActions(tx, pass.app, ends, now);
      await saveHeldActions(tx, pass.app, holds);
    });
  }
  return guarded;
}

type Judged = {
  change: DangerousChange;
  isHeld: boolean;
  /** Approved by this row. */
  heldNo?: bigint;
  end?: { heldNo: bigint; reason: EndReason };
  hold?: NewHeldAction;
};

function judge(pass: Pass, turn: Turn, change: DangerousChange, row: HeldAction | undefined): Judged {
  const digest = digestOfChange(change);
  const { userId, user } = turn;
  if (row && isOf(pass, row) && row.digest === digest) {
    const isApproved = row.approvalNo !== undefined;
    return { change, isHeld: !isApproved, ...(isApproved && { heldNo: row.heldNo }) };
  }
  const isProtectedPerson = change.danger === 'access' && isProtected(pass.app.setup.guard, userId, user.primaryEmail);
  // Who is held stays so until it is approved, whatever the limits leave, the setup says or else is to be lost now.
  const mayGo = !isProtectedPerson && (!row || row.protected) && pass.guard!.free[change.danger] > 0;
  const end = row && {
    heldNo: row.heldNo,
    reason: isOf(pass, row) ? ('changed' as const) : ('setup_changed' as const),
  };
  if (mayGo) {
    pass.guard!.free[change.danger]--;
    return { change, isHeld: false, ...(end && { end }) };
  }
  const hold = {
    ...change,
    userId,
    digest,
    explanation: turn.decision.explanation,
    setupRevision: pass.app.revision,
    protected: isProtectedPerson,
    heldAt: row?.heldAt ?? pass.ctx.now(),
  };
  return { change, isHeld: true, hold, ...(end && { end }) };
}

/** Decided with the revision that is in effect. */
function isOf({ app }: Pass, row: HeldAction): boolean {
  return row.setupRevision === app.revision;
}

/** What is kept back anyway is not the guard's. */
function isGuarded({ removalsHeld }: Pass, { danger }: DangerousChange): boolean {
  return danger !== 'access' || !removalsHeld;
}
