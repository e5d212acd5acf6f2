import type { PusherContext } from '../context.ts';
import { dangers, findDangers, isProtected, type Danger } from '../domain/guard.ts';
import type { AppSetup } from '../domain/model.ts';
import { findOpenActions, type HeldAction } from '../store/held-actions.ts';
import { listUsersById } from '../store/users.ts';
import { readGuard } from './guard.ts';
import type { Turn } from './outcome.ts';
import { decideFor } from './decide-people.ts';

/** What would be done for one person. */
export type Planned = {
  turn: Turn;
  /** What about it may do harm. */
  dangers: Danger[];
  /** Of that, what is held whatever the limits leave: by an earlier decision, or since the person is protected. */
  surelyHeld: Danger[];
};

/** A whole plan in numbers, by what would be done. */
export type PlanSurvey = {
  counts: Map<Turn['decision']['do'], number>;
  /** Of what may do harm, what is more than the limits leave. */
  heldDangers: Danger[];
  heldCount: number;
};

const batchSize = 500;

/**
 * What would be done for everybody, by user id; writes nothing.
 *
 * @param app with the setup as it would be
 * @param isChanged it is not as stored: no approval is of it
 */
export async function* planPeople(
  ctx: PusherContext,
  app: AppSetup,
  isChanged: boolean,
  afterUserId: string,
): AsyncGenerator<Planned> {
  for (let after = afterUserId; ;) {
    const users = await listUsersById(ctx.pool, app.customerId, after, batchSize);
    const turns = await decideFor({ ctx, app }, users);
    const userIds = turns.map(({ userId }) => userId);
    const open = await findOpenActions(ctx.pool, app, userIds);
    for (const turn of turns) {
      const found = findDangers(app.setup, turn.decision, turn.account).map(({ danger }) => danger);
      const isSafe = isProtected(app.setup.guard, turn.userId, turn.user.primaryEmail);
      // An approval is of one revision; whoever is held stays so with any.
      const isHeld = (danger: Danger) =>
        open.some((row) => row.userId === turn.userId && row.danger === danger && !isLetGo(row, app, isChanged));
      const surelyHeld = found.filter((danger) => isHeld(danger) || (isSafe && danger === 'access'));
      yield { turn, dangers: found, surelyHeld };
    }
    if (users.length < batchSize) return;
    after = turns.at(-1)!.userId;
  }
}

function isLetGo(row: HeldAction, { revision }: AppSetup, isChanged: boolean): boolean {
  return row.protected || (row.approvalNo !== undefined && row.setupRevision === revision && !isChanged);
}

/** Adds up a plan as it goes by; what the guard would hold is known at its end. */
export function createPlanSurvey() {
  const counts: PlanSurvey['counts'] = new Map();
  const asked: Record<Danger, number> = { access: 0, identity: 0, clearing: 0 };
  /** People by what of theirs is not surely held. */
  const undecided = new Map<string, { dangers: Danger[]; count: number }>();
  let surelyHeldCount = 0;
  return {
    add({ turn, dangers: found, surelyHeld }: Planned): void {
      counts.set(turn.decision.do, (counts.get(turn.decision.do) ?? 0) + 1);
      const open = found.filter((danger) => !surelyHeld.includes(danger));
      for (const danger of open) asked[danger]++;
      if (surelyHeld.length > 0) surelyHeldCount++;
      else if (open.length > 0) {
        const same = undecided.get(open.join()) ?? { dangers: open, count: 0 };
        undecided.set(open.join(), { ...same, count: same.count + 1 });
      }
    },
    async end(ctx: PusherContext, app: AppSetup): Promise<PlanSurvey> {
      const { free } = await readGuard({ ctx, app });
      const heldDangers = dangers.filter((danger) => asked[danger] > free[danger]);
      const held = [...undecided.values()].filter((one) => one.dangers.some((danger) => heldDangers.includes(danger)));
      return { counts, heldDangers, heldCount: held.reduce((sum, { count }) => sum + count, surelyHeldCount) };
    },
  };
}
