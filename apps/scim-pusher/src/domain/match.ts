import { MatchingPolicy_OnExisting, MatchingPolicy_OnForeignExternalId, type MatchingPolicy } from '@autoprov/proto';
import { readId, type ScimUser } from '@autoprov/scim';

/** What a look-up before a create comes to. */
export type Match =
  | { do: 'create' }
  | { do: 'adopt'; resource: ScimUser; scimId: string; keepExternalId: boolean }
  | { do: 'skip' }
  | { do: 'fail'; reason: 'DUPLICATE' | 'AMBIGUOUS_MATCH' | 'EXPRESSION_FAILED'; detail: string };

/**
 * What is done with the accounts that one attribute found.
 *
 * @param ours the create was begun by us before: its end was not known, so the hit is our own account
 * @param linkedTo the directory user a hit is linked to already, by the service provider's id
 */
export function judgeHits(
  hits: readonly ScimUser[],
  desired: ScimUser,
  policy: MatchingPolicy | undefined,
  ours: boolean,
  linkedTo: ReadonlyMap<string, string>,
): Match {
  const [hit, ...more] = hits;
  if (!hit) return { do: 'create' };
  if (more.length > 0) {
    return {
      do: 'fail',
      reason: 'AMBIGUOUS_MATCH',
      detail: `${hits.length} accounts match this person: remove or rename all but one`,
    };
  }
  const scimId = readId(hit);
  if (scimId === undefined) {
    return {
      do: 'fail',
      reason: 'DUPLICATE',
      detail: 'the matching account has no id that can be used: the service provider must answer one',
    };
  }
  if (linkedTo.has(scimId)) return { do: 'fail', reason: 'DUPLICATE', detail: othersAccount(scimId) };
  const foreign = isForeign(hit, desired);
  if (ours && !foreign) return { do: 'adopt', resource: hit, scimId, keepExternalId: false };
  return foreign ? judgeForeign(hit, scimId, policy) : judgeExisting(hit, scimId, policy);
}

/** A rule has no answer for this person: who is not looked for by all of them might be made a second time. */
export function matchingFailed(problem: string): Extract<Match, { do: 'fail' }> {
  return { do: 'fail', reason: 'EXPRESSION_FAILED', detail: `matching: ${problem}` };
}

/** Two people match one account: it stays with whom it is linked to. */
export function othersAccount(scimId: string): string {
  return `the matching account belongs to another person (${scimId}): correct what both have in common, in the directory or there`;
}

/** Whether an account has another provisioner's externalId. */
export function isForeign(hit: ScimUser, desired: ScimUser): boolean {
  return typeof hit.externalId === 'string' && hit.externalId !== '' && hit.externalId !== desired.externalId;
}

function judgeForeign(hit: ScimUser, scimId: string, policy: MatchingPolicy | undefined): Match {
  const rule = policy?.onForeignExternalId ?? MatchingPolicy_OnForeignExternalId.ON_FOREIGN_EXTERNAL_ID_UNSPECIFIED;
  if (rule === MatchingPolicy_OnForeignExternalId.ON_FOREIGN_EXTERNAL_ID_OVERWRITE) {
    return { do: 'adopt', resource: hit, scimId, keepExternalId: false };
  }
  if (rule === MatchingPolicy_OnForeignExternalId.ON_FOREIGN_EXTERNAL_ID_KEEP) {
    return { do: 'adopt', resource: hit, scimId, keepExternalId: true };
  }
  return {
    do: 'fail',
    reason: 'DUPLICATE',
    detail: `the user name exists, on an account with another externalId (${scimId})`,
  };
}

function judgeExisting(resource: ScimUser, scimId: string, policy: MatchingPolicy | undefined): Match {
  const rule = policy?.onExisting ?? MatchingPolicy_OnExisting.ON_EXISTING_UNSPECIFIED;
  if (rule === MatchingPolicy_OnExisting.ON_EXISTING_SKIP) {
    return { do: 'skip' };
  }
  if (rule === MatchingPolicy_OnExisting.ON_EXISTING_FAIL) {
    return {
      do: 'fail',
      reason: 'DUPLICATE',
      detail: `the user name exists already at the service provider (${scimId})`,
    };
  }
  return { do: 'adopt', resource, scimId, keepExternalId: false };
}
