import type { PusherContext } from '../context.ts';
import { judgeAdoption, type Adoption } from '../domain/judge-adoption.ts';
import type { LinkedAccount } from '../domain/link-account.ts';
import { matchAttributes, matchValue } from '../domain/match.ts';
import type { AppSetup } from '../domain/model.ts';
import { findLinks } from '../store/accounts.ts';
import { addMatches, findSurveyedAccounts, type Survey, type SurveyedAccount } from '../store/surveyed-accounts.ts';
import { listUsersById } from '../store/users.ts';
import { decideAdoption, decideFor } from './decide-people.ts';
import { findHits, type Lookup } from './find-match.ts';
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
      else if (isLinked(turn)) yield { userId, contested: false };
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

function isLinked({ decision, account }: Turn): boolean {
  const hasAccount = account.state === 'active' || account.state === 'suspended';
  return hasAccount && decision.inScope !== false && decision.trigger === undefined;
}

async function planBatch(
  ctx: PusherContext,
  app: AppSetup,
  survey: Survey,
  candidates: readonly Candidate[],
  counts: boolean,
): Promise<PlannedAdoption[]> {
  const { lookup, isContested } = await openLookup(ctx, app, survey, candidates);
  const found = new Map<string, Found>();
  for (const { userId, turn } of candidates) found.set(userId, await findFor(app, turn, lookup));
  const scimIds = [...found.values()].flatMap(({ hits }) => hits.flatMap(({ id }) => id ?? []));
  if (counts) await addMatches(ctx.pool, survey, scimIds);
  const links = await findLinks(ctx.pool, app, scimIds);
  return candidates.map(({ userId, turn }) => {
    const { hits, attribute } = found.get(userId)!;
    const linkedTo = new Map(
      hits.flatMap(({ id }) => {
        const other = links.get(id ?? '');
        return other !== undefined && other !== userId ? [[id!, other] as const] : [];
      }),
    );
    const decideLinked = (linked: LinkedAccount) => decideAdoption({ app, ...turn }, linked, ctx.now());
    const about = { hits, linkedTo, ...(attribute !== undefined && { attribute }) };
    const adoption = judgeAdoption(app.setup, turn.decision, turn.account, about, decideLinked);
    return { userId, adoption, contested: adoption.kind === 'adopt' && isContested(adoption.hit?.id ?? '') };
  });
}

type Found = Extract<Awaited<ReturnType<typeof findHits>>, { hits: unknown }>;

async function findFor(app: AppSetup, { decision }: Candidate['turn'], lookup: Lookup): Promise<Found> {
  if (decision.do !== 'create') return { hits: [] };
  const found = await findHits(decision.desired, app.setup.matching, lookup);
  if ('failure' in found) throw new Error('a look-up in the database has no failure');
  return found;
}

/** One query an attribute for all of a batch. */
async function openLookup(ctx: PusherContext, app: AppSetup, survey: Survey, candidates: readonly Candidate[]) {
  const accounts = new Map<string, Map<string, SurveyedAccount[]>>();
  const matchCounts = new Map<string, number>();
  for (const attribute of matchAttributes(app.setup.matching)) {
    const values = candidates.flatMap(({ turn: { decision } }) => {
      const value = decision.do === 'create' ? matchValue(decision.desired, attribute) : undefined;
      return value === undefined ? [] : [keyOf(attribute, value)];
    });
    const found = await findSurveyedAccounts(ctx.pool, survey, attribute, values);
    accounts.set(attribute, found);
    for (const { resource, matchCount } of [...found.values()].flat()) matchCounts.set(resource.id ?? '', matchCount);
  }
  const lookup: Lookup = async (attribute, value) => ({
    hits: (accounts.get(attribute)?.get(keyOf(attribute, value)) ?? []).map(({ resource }) => resource),
  });
  return { lookup, isContested: (scimId: string) => (matchCounts.get(scimId) ?? 0) > 1 };
}

/** Login names and addresses are compared in any case, all else exactly. */
function keyOf(attribute: string, value: string): string {
  return attribute === 'externalId' ? value : value.toLowerCase();
}
