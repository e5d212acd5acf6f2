import type { PusherContext } from '../context.ts';
import { allowedCount, dangers, limitsOf, windowStart, type Danger } from '../domain/guard.ts';
import type { Adoption, AdoptionKind, AdoptionNote } from '../domain/judge-adoption.ts';
import type { AppSetup } from '../domain/model.ts';
import { readGuardUsage } from '../store/guarded-changes.ts';
import type { PlannedAdoption } from './plan-adoptions.ts';

/** A report's people in numbers. */
export type AdoptionTally = {
  linked: number;
  kinds: Map<AdoptionKind, number>;
  /** Of the adopted, without a write. */
  equal: number;
  notes: Map<AdoptionNote, number>;
  externalIdOrigins: Map<string, number>;
  /** What is more than the guard's limits leave, and how many people that holds. */
  heldDangers: Danger[];
  held: number;
};

/** Adds up a report as it goes by; what the guard would hold is known at its end. */
export function createAdoptionTally() {
  const kinds = new Map<AdoptionKind, number>();
  const notes = new Map<AdoptionNote, number>();
  const externalIdOrigins = new Map<string, number>();
  const asked: Record<Danger, number> = { access: 0, identity: 0, clearing: 0, membership: 0 };
  /** People by what about them may do harm. */
  const endangered = new Map<string, number>();
  let linked = 0;
  let equal = 0;
  return {
    add({ adoption }: PlannedAdoption): void {
      if (!adoption) return void linked++;
      addOne(kinds, adoption.kind);
      for (const note of adoption.notes) addOne(notes, note);
      if (adoption.externalIdOrigin) addOne(externalIdOrigins, adoption.externalIdOrigin);
      if (adoption.kind === 'adopt' && adoption.changes.length === 0) equal++;
      for (const danger of adoption.dangers) asked[danger]++;
      if (adoption.dangers.length > 0) addOne(endangered, adoption.dangers.join());
    },
    async end(ctx: PusherContext, app: AppSetup): Promise<AdoptionTally> {
      const free = await freeAfterwards(ctx, app, (kinds.get('adopt') ?? 0) + (kinds.get('create') ?? 0));
      const heldDangers = dangers.filter((danger) => asked[danger] > free[danger]);
      const held = [...endangered].filter(([some]) =>
        some.split(',').some((one) => heldDangers.some((it) => it === one)),
      );
      const heldCount = held.reduce((sum, [, count]) => sum + count, 0);
      return { linked, kinds, equal, notes, externalIdOrigins, heldDangers, held: heldCount };
    },
  };
}

/** Whether the guard would hold what may do harm about an adoption. */
export function isAdoptionHeld({ dangers: found }: Adoption, { heldDangers }: AdoptionTally): boolean {
  return found.some((danger) => heldDangers.includes(danger));
}

/** What the limits leave once everybody has an account: only then the guard judges. */
async function freeAfterwards(ctx: PusherContext, app: AppSetup, newCount: number): Promise<Record<Danger, number>> {
  const { guard } = app.setup;
  const since = windowStart(guard, ctx.settings.guard, ctx.now());
  const { accountCount, used } = await readGuardUsage(ctx.pool, app, since);
  const allowed = allowedCount(limitsOf(guard, ctx.settings.guard), accountCount + newCount);
  const left = (danger: Danger) => Math.max(0, allowed - used[danger]);
  return {
    access: left('access'),
    identity: left('identity'),
    clearing: left('clearing'),
    membership: left('membership'),
  };
}

function addOne<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
