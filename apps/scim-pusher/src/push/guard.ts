import {
  allowedCount,
  dangers,
  digestOfChange,
  holdBack,
  isHeldAnyway,
  holdsExactly,
  limitsOf,
  windowStart,
  type Danger,
  type DangerousChange,
} from '../domain/guard.ts';
import { hasCandidates, listCandidates, readGuardUsage } from '../store/guarded-changes.ts';
import { endHeldActions, saveHeldActions, type EndReason, type NewHeldAction } from '../store/held-actions.ts';
import { findUsers } from '../store/users.ts';
import { decideFor } from './decide-people.ts';
import { judgeTurns, type JudgedChange, type JudgedTurn } from './judge-turns.ts';
import type { Turn } from './outcome.ts';
import type { Pass } from './pass.ts';

/** How many more people may lose something in this pass, by danger. */
export type Guard = { free: Record<Danger, number> };

const surveyBatchSize = 500;

/**
 * Judges, before anything of a pass is sent, all that it will decide: where that is more than the limits leave, none of it
 * goes, not the first part up to the limit. What comes during the pass is only counted.
 *
 * @param horizonNo the pass goes no further: who changes later is judged by the next one
 * @returns undefined: nobody whom it will decide has anything to lose
 */
export async function openGuard(pass: Pass, cursorNo: bigint, horizonNo: bigint): Promise<Guard | undefined> {
  const { ctx, app } = pass;
  const range = { cursorNo, horizonNo, now: ctx.now() };
  if (!(await hasCandidates(ctx.pool, app, range))) return undefined;
  const guard = await readGuard(pass);
  const least = Math.min(...dangers.map((danger) => guard.free[danger]));
  const few = await listCandidates(ctx.pool, app, range, least + 1);
  if (few.length <= least) return guard;
  const asked = await countDangers(pass, await listCandidates(ctx.pool, app, range));
  for (const danger of dangers) if (asked[danger] > guard.free[danger]) guard.free[danger] = 0;
  return guard;
}

/** What the limits leave, by what is stored. */
export async function readGuard({ ctx, app }: Pick<Pass, 'ctx' | 'app'>): Promise<Guard> {
  const { guard } = ctx.settings;
  const { accountCount, used } = await readGuardUsage(ctx.pool, app, windowStart(app.setup.guard, guard, ctx.now()));
  const allowed = allowedCount(limitsOf(app.setup.guard, guard), accountCount);
  const left = (danger: Danger) => Math.max(0, allowed - used[danger]);
  return {
    free: {
      access: left('access'),
      identity: left('identity'),
      clearing: left('clearing'),
      membership: left('membership'),
    },
  };
}

/** How many of these people would lose something that the limits decide over. */
async function countDangers(pass: Pass, userIds: readonly string[]): Promise<Record<Danger, number>> {
  const asked = { access: 0, identity: 0, clearing: 0, membership: 0 };
  for (let i = 0; i < userIds.length; i += surveyBatchSize) {
    await pass.assertGoesOn();
    const users = await findUsers(pass.ctx.pool, pass.app.customerId, userIds.slice(i, i + surveyBatchSize));
    for (const { changes } of await judgeTurns(pass, await decideFor(pass, users))) {
      for (const { change, verdict } of changes) {
        if (verdict === 'limited' && isGuarded(pass, change)) asked[change.danger]++;
      }
    }
  }
  return asked;
}

/** Takes from each turn what must be held, and stores that; ends what is no longer held. */
export async function guardTurns(pass: Pass, turns: readonly Turn[]): Promise<Turn[]> {
  const guarded: GuardedTurn[] = [];
  for (const judged of await judgeTurns(pass, turns)) guarded.push(await guardTurn(pass, judged));
  const ends = guarded.flatMap((one) => one.ends);
  const holds = guarded.flatMap((one) => one.holds);
  if (ends.length + holds.length > 0) {
    await pass.write(async (tx) => {
      await endHeldActions(tx, pass.app, ends, pass.ctx.now());
      await saveHeldActions(tx, pass.app, holds);
    });
  }
  return guarded.map(({ turn }) => turn);
}

type GuardedTurn = { turn: Turn; ends: End[]; holds: NewHeldAction[] };
type End = { heldNo: bigint; reason: EndReason };

async function guardTurn(pass: Pass, { turn, changes, rows }: JudgedTurn): Promise<GuardedTurn> {
  const guarded = changes.filter(({ change }) => isGuarded(pass, change));
  if (guarded.some(({ verdict }) => verdict === 'limited')) pass.guard ??= await readGuard(pass);
  const settled = guarded.map((judged) => settleChange(pass, turn, judged));
  // A decision that is refused says nothing of what is held.
  const isOver = (danger: Danger) =>
    turn.decision.do !== 'refuse' && !changes.some(({ change }) => change.danger === danger);
  const held = settled.flatMap(({ change, isHeld }) => (isHeld ? [change] : []));
  const letGo = settled.flatMap(({ change: { danger }, isHeld, heldNo }) =>
    isHeld ? [] : [{ danger, ...(heldNo !== undefined && { heldNo }) }],
  );
  // Who keeps access for now keeps memberships.
  const keepsGroups = pass.removalsHeld || held.some(({ danger }) => danger === 'access' || danger === 'membership');
  return {
    turn: {
      ...turn,
      decision: holdBack(pass.app.setup, turn.decision, turn.account, held),
      letGo,
      isHeld: held.some(({ danger }) => danger !== 'membership'),
      leavesGroups: keepsGroups ? [] : (turn.lostGroups ?? []),
    },
    ends: [
      ...settled.flatMap(({ end }) => end ?? []),
      ...rows.flatMap(({ danger, heldNo }) => (isOver(danger) ? [{ heldNo, reason: 'returned' as const }] : [])),
    ],
    holds: settled.flatMap(({ hold }) => hold ?? []),
  };
}

type Settled = {
  change: DangerousChange;
  isHeld: boolean;
  /** Approved by this row. */
  heldNo?: bigint;
  end?: End;
  hold?: NewHeldAction;
};

/** Whether the change is held now, and which row begins or ends with that. */
function settleChange(pass: Pass, turn: Turn, { change, verdict, row }: JudgedChange): Settled {
  const { revision } = pass.app;
  if (verdict === 'approved') return { change, isHeld: false, heldNo: row!.heldNo };
  const isHeld = isHeldAnyway(verdict) || (verdict === 'limited' && !takeFree(pass.guard!, change.danger));
  const isProtected = verdict === 'protected';
  if (isHeld && row?.protected === isProtected && holdsExactly(row, change, revision)) return { change, isHeld };
  const reason = row?.setupRevision === revision ? 'changed' : 'setup_changed';
  const end = row && { end: { heldNo: row.heldNo, reason: reason as EndReason } };
  if (!isHeld) return { change, isHeld, ...end };
  const hold = {
    ...change,
    userId: turn.userId,
    digest: digestOfChange(change),
    explanation: turn.decision.explanation,
    setupRevision: revision,
    protected: isProtected,
    heldAt: row?.heldAt ?? pass.ctx.now(),
  };
  return { change, isHeld, hold, ...end };
}

/** Whether the limits let one more person go, who counts from now on. */
function takeFree({ free }: Guard, danger: Danger): boolean {
  if (free[danger] <= 0) return false;
  free[danger]--;
  return true;
}

/** What is kept back anyway is not the guard's. */
function isGuarded({ removalsHeld }: Pass, { danger }: DangerousChange): boolean {
  return (danger !== 'access' && danger !== 'membership') || !removalsHeld;
}
