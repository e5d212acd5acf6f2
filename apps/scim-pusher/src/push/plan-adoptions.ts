import type { PusherContext } from '../context.ts';
import { judgeAdoption, type Adoption } from '../domain/judge-adoption.ts';
import type { LinkedAccount } from '../domain/link-account.ts';
import { isLinked, type AppSetup } from '../domain/model.ts';
import { findLinks } from '../store/accounts.ts';
import { addMatches, findSurveyedAccounts, type Survey } from '../store/surveyed-accounts.ts';
import { listUsersById } from '../store/users.ts';
import { decideAdoption, decideFor } from './decide-people.ts';
import { findStoredHits } from './find-match.ts';
import type { Turn } from './outcome.ts';

/** Somebody in scope. */
export type PlannedAdoption = {
  userId: string;
  /** What the first push would do; absent: linked already. */
  adoption?: Adoption;
  /** Another person in scope matches the same account, too. */
  contested: boolean;
};

type Candidate = { userId: string; turn: Turn & { decision: { do: 'create' | 'refuse' } } };

const batchSize = 500;

/**
 * What the first push would do for everybody in scope, by user id; nothing is sent.
 *
 * @param counts whether to remember which accounts they match
 */
export async function* planAdoptions(
  ctx: PusherContext,
  app: AppSetup,
  survey: Survey,
  { counts }: { counts: boolean },
): AsyncGenerator<PlannedAdoption> {
  for (let after = ''; ;) {
    const users = await listUsersById(ctx.pool, app.customerId, after, batchSize);
    const turns = await decideFor({ ctx, app }, users);
    const candidates = turns.flatMap((turn) => (isCandidate(turn) ? [{ userId: turn.userId, turn }] : []));
    const planned = new Map((await planBatch(ctx, app, survey, candidates, counts)).map((one) => [one.userId, one]));
    for (const turn of turns) {
      const { userId } = turn;
      const one = planned.get(userId);
      if (one) yield one;
      else if (keepsAccount(turn)) yield { userId, contested: false };
    }
    if (users.length < batchSize) return;
    after = turns.at(-1)!.userId;
  }
}

/** Has no account yet that could be updated. */
function isCandidate(turn: Turn): turn is Candidate['turn'] {
  const { decision, account } = turn;
  return decision.do === 'create' || (decision.do === 'refuse' && account.scimId === undefined);
}

function keepsAccount({ decision, account }: Turn): boolean {
  return isLinked(account) && decision.inScope !== false && decision.trigger === undefined;
}

async function planBatch(
  ctx: PusherContext,
  app: AppSetup,
  survey: Survey,
  candidates: readonly Candidate[],
  counts: boolean,
): Promise<PlannedAdoption[]> {
  const matchCounts = new Map<string, number>();
  const people = candidates.map(({ turn: { decision, user } }) =>
    decision.do === 'create' ? { desired: decision.desired, user } : undefined,
  );
  const allHits = await findStoredHits(people, app.setup.matching, async (attribute, values) => {
    const accounts = await findSurveyedAccounts(ctx.pool, survey, attribute, values);
    for (const { resource, matchCount } of [...accounts.values()].flat())
      matchCounts.set(resource.id ?? '', matchCount);
    return new Map([...accounts].map(([value, some]) => [value, some.map(({ resource }) => resource)]));
  });
  const found = new Map(candidates.map(({ userId }, i) => [userId, allHits[i]!]));
  const scimIds = [...found.values()].flatMap(({ hits }) => hits.flatMap(({ id }) => id ?? []));
  if (counts) await addMatches(ctx.pool, survey, scimIds);
  const links = await findLinks(ctx.pool, app, scimIds);
  return candidates.map(({ userId, turn }) => {
    const some = found.get(userId)!;
    const { hits } = some;
    const linkedTo = new Map(
      hits.flatMap(({ id }) => {
        const other = links.get(id ?? '');
        return other !== undefined && other !== userId ? [[id!, other] as const] : [];
      }),
    );
    const decideLinked = (linked: LinkedAccount) => decideAdoption({ app, ...turn }, linked, ctx.now());
    const about = { ...some, linkedTo };
    const adoption = judgeAdoption(app.setup, turn.decision, turn.account, about, decideLinked);
    return {
      userId,
      adoption,
      contested: adoption.kind === 'adopt' && (matchCounts.get(adoption.hit?.id ?? '') ?? 0) > 1,
    };
  });
}
