import type { MatchingPolicy } from '@autoprov/proto';
import { filterEq, matchesEq, readId, readList, type ScimUser } from '@autoprov/scim';
import { judgeHits, matchAttributes, matchValue, type Match } from '../domain/match.ts';
import { findLinks } from '../store/accounts.ts';
import { findListedAccounts, wasListed } from '../store/listed-accounts.ts';
import type { Pass } from './pass.ts';
import type { ScimClient, ScimFailure } from './scim-client.ts';

/** Where accounts that have a value are looked for. */
export type Lookup = (attribute: string, value: string) => Promise<{ hits: ScimUser[] } | { failure: ScimFailure }>;

export type MatchResult = { ok: true; match: Match } | { ok: false; failure: ScimFailure };

/**
 * Looks for an account of this person before one is created: in the service provider's list of the first sync, or live.
 *
 * @param ours a create of ours was begun and its end is not known: always live, and a hit is our own account
 * @param formerScimId the id of an account of this person that was deleted: some service providers only put it aside
 * @param live ask the service provider even if its accounts were listed in this pass
 */
export async function findMatch(
  pass: Pass,
  userId: string,
  desired: ScimUser,
  { ours, live, formerScimId }: { ours: boolean; live: boolean; formerScimId?: string | undefined },
): Promise<MatchResult> {
  const fromList = !ours && !live && pass.work.listState === 'held';
  if (fromList && pass.listIsEmpty) return { ok: true, match: { do: 'create' } };
  const policy = pass.app.setup.matching;
  const lookup: Lookup = (attribute, value) =>
    fromList ? findListed(pass, attribute, value) : findLive(pass.scim, attribute, value);
  const found = await findHits(desired, policy, lookup);
  if ('failure' in found) return { ok: false, failure: found.failure };
  const { hits } = found;
  if (hits.length === 0) return { ok: true, match: { do: 'create' } };
  const links = await findLinks(
    pass.ctx.pool,
    pass.app,
    hits.flatMap((hit) => readId(hit) ?? []),
  );
  const others = new Map([...links].filter(([, linkedTo]) => linkedTo !== userId));
  // What was there before our first create cannot be the create whose end we do not know.
  const scimId = (hits[0] && readId(hits[0])) ?? '';
  const isOurs = scimId === formerScimId || (ours && !(await wasListed(pass.ctx.pool, pass.app, scimId)));
  return { ok: true, match: judgeHits(hits, desired, policy, isOurs, others) };
}

/** The accounts that match somebody, by the first attribute of the policy that finds any. */
export async function findHits(
  desired: ScimUser,
  policy: MatchingPolicy | undefined,
  lookup: Lookup,
): Promise<{ hits: ScimUser[]; attribute?: string } | { failure: ScimFailure }> {
  for (const attribute of matchAttributes(policy)) {
    const value = matchValue(desired, attribute);
    if (value === undefined) continue;
    const found = await lookup(attribute, value);
    if ('failure' in found) return found;
    // A service provider may ignore a filter it does not understand and answer somebody else.
    const hits = found.hits.filter((hit) => matchesEq(hit, attribute, value));
    if (hits.length > 0) return { hits, attribute };
  }
  return { hits: [] };
}

async function findListed(pass: Pass, attribute: string, value: string): Promise<{ hits: ScimUser[] }> {
  return { hits: await findListedAccounts(pass.ctx.pool, pass.app, attribute, value) };
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
  return { failure: { code: '45005', reason: 'WRONG_ENDPOINT', retryable: false, detail, httpStatus: answer.status } };
}
