import { filterEq, matchesEq, readId, readList, type JsonObject } from '@autoprov/scim';
import { judgeFoundGroups, type GroupMatch } from '../domain/decide-group.ts';
import { findGroupLink, type ScimGroup } from '../store/groups.ts';
import type { Pass } from './pass.ts';
import { makeFailure, type ScimFailure } from './scim-failure.ts';

type Found = { hits: JsonObject[] } | { failure: ScimFailure };

/** Looks for the group before it is made: by externalId where that can be filtered, then by displayName. */
export async function findGroup(
  pass: Pass,
  { groupId, intentAt }: ScimGroup,
  displayName: string,
): Promise<{ ok: true; match: GroupMatch } | { ok: false; failure: ScimFailure }> {
  const found = await findHits(pass, groupId, displayName);
  if ('failure' in found) return { ok: false, failure: found.failure };
  const scimId = found.hits[0] && readId(found.hits[0]);
  const linkedTo = scimId === undefined ? undefined : await findGroupLink(pass.ctx.pool, pass.app, scimId);
  const about = { isOurs: intentAt !== undefined, linkedTo: linkedTo === groupId ? undefined : linkedTo };
  return { ok: true, match: judgeFoundGroups(found.hits, groupId, pass.app.setup.matching, about) };
}

async function findHits(pass: Pass, externalId: string, displayName: string): Promise<Found> {
  const { filterableAttributes } = pass.app.profile;
  if (filterableAttributes.length === 0 || filterableAttributes.includes('externalId')) {
    const found = await lookUp(pass, 'externalId', externalId);
    // Some filter groups by their name only.
    if ('failure' in found ? found.failure.code !== '45006' : found.hits.length > 0) return found;
  }
  return lookUp(pass, 'displayName', displayName);
}

async function lookUp({ scim }: Pass, attribute: string, value: string): Promise<Found> {
  const answer = await scim.send('GET', `/Groups?filter=${encodeURIComponent(filterEq(attribute, value))}`);
  if (!answer.ok) return { failure: answer.failure };
  const list = readList(answer.body);
  // A service provider may ignore a filter it does not understand.
  if (list) return { hits: list.resources.filter((hit) => matchesEq(hit, attribute, value)) };
  const detail = 'the answer to a filtered list of groups is no SCIM list: it may have no groups';
  return { failure: makeFailure('UNSUPPORTED', detail, answer.status) };
}
