import {
  findDangers,
  isProtected,
  judgeChange,
  windowStart,
  type DangerousChange,
  type Verdict,
} from '../domain/guard.ts';
import { findCounted } from '../store/guarded-changes.ts';
import { findOpenActions, type HeldAction } from '../store/held-actions.ts';
import type { Turn } from './outcome.ts';
import type { Pass } from './pass.ts';

/** A change that may do harm, and what decides over it. */
export type JudgedChange = {
  change: DangerousChange;
  verdict: Verdict;
  /** What is held of the same person and danger. */
  row?: HeldAction;
};

/** A turn, what of it may do harm, and what is held of the person. */
export type JudgedTurn = { turn: Turn; changes: JudgedChange[]; rows: HeldAction[] };

/**
 * Says of each turn what may do harm, and what decides whether that is held. Pass, plan and explanation all ask here.
 *
 * @param isChanged the setup is not as stored: no approval is of it
 */
export async function judgeTurns(
  { ctx, app }: Pick<Pass, 'ctx' | 'app'>,
  turns: readonly Turn[],
  { isChanged = false } = {},
): Promise<JudgedTurn[]> {
  const linked = turns.filter(({ account }) => account.scimId !== undefined);
  const open = Map.groupBy(await findOpenActions(ctx.pool, app, linked.map(userIdOf)), userIdOf);
  const dangersOf = ({ decision, account, lostGroups }: Turn) => findDangers(app.setup, decision, account, lostGroups);
  const found = turns.map((turn) => ({ turn, changes: dangersOf(turn) }));
  const endangered = found.flatMap(({ turn, changes }) => (changes.length > 0 ? [turn.userId] : []));
  const counted = await findCounted(
    ctx.pool,
    app,
    windowStart(app.setup.guard, ctx.settings.guard, ctx.now()),
    endangered,
  );
  const revision = isChanged ? undefined : app.revision;
  return found.map(({ turn, changes }) => {
    const { userId, user } = turn;
    const rows = open.get(userId) ?? [];
    const isSafe = isProtected(app.setup.guard, userId, user.primaryEmail);
    const judged = changes.map((change) => {
      const row = rows.find(({ danger }) => danger === change.danger);
      const isCounted = counted.get(userId)?.has(change.danger) ?? false;
      const verdict = judgeChange(change, { row, revision, isProtected: isSafe, isCounted });
      return { change, verdict, ...(row && { row }) };
    });
    return { turn, changes: judged, rows };
  });
}

function userIdOf({ userId }: { userId: string }): string {
  return userId;
}
