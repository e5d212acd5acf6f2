import type { PusherContext } from '../context.ts';
import { dangers, isHeldAnyway, type Danger } from '../domain/guard.ts';
import type { AppSetup } from '../domain/model.ts';
import { listUsersById } from '../store/users.ts';
import { decideFor } from './decide-people.ts';
import { readGuard } from './guard.ts';
import { judgeTurns } from './judge-turns.ts';
import type { Turn } from './outcome.ts';

/** What would be done for one person. */
export type Planned = {
  turn: Turn;
  /** What about it may do harm. */
  dangers: Danger[];
  /** Whether any of that is held whatever the limits leave. */
  heldAnyway: boolean;
  /** What the limits decide over. */
  limited: Danger[];
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
    const turns = await decideFor({ ctx, app }, users, isChanged ? new Map() : 'as stored');
    for (const { turn, changes } of await judgeTurns({ ctx, app }, turns, { isChanged })) {
      yield {
        turn,
        dangers: changes.map(({ change }) => change.danger),
        heldAnyway: changes.some(({ verdict }) => isHeldAnyway(verdict)),
        limited: changes.flatMap(({ change, verdict }) => (verdict === 'limited' ? [change.danger] : [])),
      };
    }
    if (users.length < batchSize) return;
    after = turns.at(-1)!.userId;
  }
}

/** Adds up a plan as it goes by; what the guard would hold is known at its end. */
export function createPlanSurvey() {
  const counts: PlanSurvey['counts'] = new Map();
  const asked: Record<Danger, number> = { access: 0, identity: 0, clearing: 0, membership: 0 };
  /** People of whom nothing is held anyway, by what the limits decide over. */
  const undecided = new Map<string, { dangers: Danger[]; count: number }>();
  let heldAnywayCount = 0;
  return {
    add({ turn, heldAnyway, limited }: Planned): void {
      counts.set(turn.decision.do, (counts.get(turn.decision.do) ?? 0) + 1);
      for (const danger of limited) asked[danger]++;
      if (heldAnyway) heldAnywayCount++;
      else if (limited.length > 0) {
        const same = undecided.get(limited.join()) ?? { dangers: limited, count: 0 };
        undecided.set(limited.join(), { ...same, count: same.count + 1 });
      }
    },
    async end(ctx: PusherContext, app: AppSetup): Promise<PlanSurvey> {
      const { free } = await readGuard({ ctx, app });
      const heldDangers = dangers.filter((danger) => asked[danger] > free[danger]);
      const held = [...undecided.values()].filter((one) => one.dangers.some((danger) => heldDangers.includes(danger)));
      return { counts, heldDangers, heldCount: held.reduce((sum, { count }) => sum + count, heldAnywayCount) };
    },
  };
}
