import type { DirectoryUser, MatchingPolicy, MatchingRule } from '@autoprov/proto';
import { matchingRules, matchingValue } from '@autoprov/mapping';
import { digestOf, filterEq, matchesEq, readId, readList, type JsonObject, type ScimUser } from '@autoprov/scim';
import { judgeHits, matchingFailed, type Match } from '../domain/match.ts';
import { findLinks } from '../store/accounts.ts';
import { findListedAccounts, wasListed } from '../store/listed-accounts.ts';
import type { Turn } from './outcome.ts';
import type { Pass } from './pass.ts';
import type { ScimClient } from './scim-client.ts';
import { makeFailure, type ScimFailure } from './scim-failure.ts';

/** Where accounts that have a value are looked for. */
export type Lookup = (attribute: string, value: string) => Promise<{ hits: ScimUser[] } | { failure: ScimFailure }>;

/** The accounts that match somebody, by which attribute and value; or why a rule has no answer for this person. */
export type Hits = { hits: ScimUser[]; attribute?: string; value?: string; problem?: string };

/** Who is looked for: as mapped, and Google's users resource. */
export type Sought = { desired: ScimUser; user: DirectoryUser };

export type MatchResult = { ok: true; match: Match } | { ok: false; failure: ScimFailure };

/**
 * Asks the service provider for an account of this person before one is created.
 *
 * @param ours a create of ours was begun and its end is not known: a hit is our own account, also by what was sent then
 * @param formerScimId the id of an account of this person that was deleted: some service providers only put it aside
 */
export async function findMatch(
  pass: Pass,
  turn: Pick<Turn, 'userId' | 'user' | 'account'>,
  desired: ScimUser,
  { ours, formerScimId }: { ours: boolean; formerScimId?: string | undefined },
): Promise<MatchResult> {
  const found = await matchBy(pass, turn, desired, { ours, formerScimId });
  const { intended } = turn.account;
  if (!found.ok || found.match.do !== 'create' || !ours || !intended) return found;
  return digestOf(intended) === digestOf(desired) ? found : matchBy(pass, turn, intended, { ours, formerScimId });
}

async function matchBy(
  pass: Pass,
  { userId, user }: Pick<Turn, 'userId' | 'user'>,
  desired: ScimUser,
  { ours, formerScimId }: { ours: boolean; formerScimId: string | undefined },
): Promise<MatchResult> {
  const policy = pass.app.setup.matching;
  const found = await findHits({ desired, user }, policy, (attribute, value) => findLive(pass.scim, attribute, value));
  if ('failure' in found) return { ok: false, failure: found.failure };
  const { hits, problem } = found;
  if (problem !== undefined) return { ok: true, match: matchingFailed(problem) };
  if (hits.length === 0) return { ok: true, match: { do: 'create' } };
  const links = await findLinks(pass.ctx.pool, pass.app, idsOf(hits));
  // What was there before our first create cannot be the create whose end we do not know.
  const scimId = (hits[0] && readId(hits[0])) ?? '';
  const isOurs = scimId === formerScimId || (ours && !(await wasListed(pass.ctx.pool, pass.app, scimId)));
  return { ok: true, match: judgeHits(hits, desired, policy, isOurs, othersOf(links, hits, userId)) };
}

/** The same for many people at once, in the service provider's list of the first sync. Of two who match one account one gets it. */
export async function findListedMatches(
  { ctx, app }: Pick<Pass, 'ctx' | 'app'>,
  people: readonly (Turn & { decision: { desired: ScimUser } })[],
): Promise<Map<string, Match>> {
  const policy = app.setup.matching;
  const found = await findStoredHits(
    people.map(({ decision: { desired }, user }) => ({ desired, user })),
    policy,
    (attribute, values) => findListedAccounts(ctx.pool, app, attribute, values),
  );
  const links = await findLinks(
    ctx.pool,
    app,
    found.flatMap(({ hits }) => idsOf(hits)),
  );
  return new Map<string, Match>(
    people.map(({ userId, decision, account }, i) => {
      const { hits, problem } = found[i]!;
      if (problem !== undefined) return [userId, matchingFailed(problem)];
      const isOurs = account.scimId !== undefined && idsOf(hits)[0] === account.scimId;
      const match = judgeHits(hits, decision.desired, policy, isOurs, othersOf(links, hits, userId));
      if (match.do === 'adopt') links.set(match.scimId, userId);
      return [userId, match];
    }),
  );
}

function idsOf(hits: readonly ScimUser[]): string[] {
  return hits.flatMap((hit) => readId(hit) ?? []);
}

/** To whom else these accounts are linked. */
function othersOf(links: ReadonlyMap<string, string>, hits: readonly ScimUser[], userId: string): Map<string, string> {
  const linked = idsOf(hits).flatMap((id) => {
    const linkedTo = links.get(id);
    return linkedTo === undefined || linkedTo === userId ? [] : [[id, linkedTo] as const];
  });
  return new Map(linked);
}

/** The accounts that match somebody, by the first rule of the policy that finds any. */
export async function findHits(
  sought: Sought,
  policy: MatchingPolicy | undefined,
  lookup: Lookup,
): Promise<Hits | { failure: ScimFailure }> {
  for (const rule of matchingRules(policy)) {
    const { attribute, value, problem } = valueOf(rule, sought);
    if (problem !== '') return { hits: [], problem };
    if (value === '') continue;
    const found = await lookup(attribute, value);
    if ('failure' in found) return found;
    // A service provider may ignore a filter it does not understand and answer somebody else.
    const hits = found.hits.filter((hit) => matchesEq(hit, attribute, value));
    if (hits.length > 0) return { hits, attribute, value };
  }
  return { hits: [] };
}

function valueOf(rule: MatchingRule, { desired, user }: Sought) {
  return matchingValue(rule, desired as JsonObject, (user.attributes ?? {}) as JsonObject);
}

/**
 * The same for many people among stored accounts: one query a rule, for those whom no earlier one has found.
 *
 * @param find accounts by value, `userName` and `emails` in lower case
 */
export async function findStoredHits(
  people: readonly (Sought | undefined)[],
  policy: MatchingPolicy | undefined,
  find: (attribute: string, values: string[]) => Promise<Map<string, ScimUser[]>>,
): Promise<Hits[]> {
  const found: Hits[] = people.map(() => ({ hits: [] }));
  for (const rule of matchingRules(policy)) {
    const { attribute } = rule;
    const wanted = people.flatMap((sought, i) => {
      if (!sought || found[i]!.hits.length > 0 || found[i]!.problem !== undefined) return [];
      const { value, problem } = valueOf(rule, sought);
      if (problem !== '') found[i] = { hits: [], problem };
      return value === '' ? [] : [{ i, value }];
    });
    if (wanted.length === 0) continue;
    const accounts = await find(attribute, [...new Set(wanted.map(({ value }) => keyOf(attribute, value)))]);
    for (const { i, value } of wanted) {
      const hits = (accounts.get(keyOf(attribute, value)) ?? []).filter((hit) => matchesEq(hit, attribute, value));
      if (hits.length > 0) found[i] = { hits, attribute, value };
    }
  }
  return found;
}

/** Login names and addresses are compared in any case, all else exactly. */
function keyOf(attribute: string, value: string): string {
  return attribute === 'userName' || attribute === 'emails' ? value.toLowerCase() : value;
}

/** Asks the service provider for the accounts that have a value. */
export async function findLive(
  scim: ScimClient,
  attribute: string,
  value: string,
): Promise<{ hits: ScimUser[] } | { failure: ScimFailure }> {
  const filter = filterEq(attribute === 'emails' ? 'emails.value' : attribute, value);
  const answer = await scim.send('GET', `/Users?filter=${encodeURIComponent(filter)}`);
  if (!answer.ok) return { failure: answer.failure };
  const list = readList(answer.body);
  if (list) return { hits: list.resources as ScimUser[] };
  const detail = 'the answer to a filtered list is no SCIM list: check the endpoint URL';
  return { failure: makeFailure('WRONG_ENDPOINT', detail, answer.status) };
}
