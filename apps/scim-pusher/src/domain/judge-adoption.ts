import type { ProvisioningSetup } from '@autoprov/proto';
import type { PatchOperation, ScimUser } from '@autoprov/scim';
import type { Decision } from './decide.ts';
import { findDangers, type Danger } from './guard.ts';
import { linkAccount, type LinkedAccount } from './link-account.ts';
import { isForeign, judgeHits, matchingFailed } from './match.ts';
import type { Account } from './model.ts';
import { recognizeExternalId, type ExternalIdOrigin } from './recognize-external-id.ts';

/** What about a matching account people should look at. */
export type AdoptionNote = 'letter case' | 'handle' | 'inactive';

/**
 * What the first push would do for somebody without an account of ours:
 * - `adopt`, `create`
 * - `ambiguous`: several accounts match, so that none is taken
 * - `foreign`: the account has another externalId, and the policy is not to touch it
 * - `taken`: the account is linked to another person
 * - `left alone`: the policy is not to adopt
 * - `refuse`: nothing can be sent, 45016 or 45006
 */
export type AdoptionKind = 'adopt' | 'create' | 'ambiguous' | 'foreign' | 'taken' | 'left alone' | 'refuse';

/** What would become of one person, and why. */
export type Adoption = {
  kind: AdoptionKind;
  explanation: string;
  /** The account that matches, and the attribute by which. */
  hit?: ScimUser;
  matchedBy?: string;
  /** Whose the account's externalId looks like, where it is not ours. */
  externalIdOrigin?: ExternalIdOrigin;
  notes: AdoptionNote[];
  /** What would be written to the account that is adopted, and what it holds now. */
  changes: PatchOperation[];
  accepted?: ScimUser;
  dangers: Danger[];
};

/**
 * The accounts that match somebody, by which attribute and value, and to whom else they are linked; or why a rule has no answer
 * for this person.
 */
export type Hits = {
  hits: readonly ScimUser[];
  attribute?: string;
  value?: string;
  problem?: string;
  linkedTo: ReadonlyMap<string, string>;
};

/**
 * Says what would become of somebody who has no account yet. Pure, and by the same functions as a push.
 *
 * @param decideLinked what would be decided once the account is linked
 */
export function judgeAdoption(
  setup: ProvisioningSetup,
  decision: Extract<Decision, { do: 'create' | 'refuse' }>,
  account: Account,
  { hits, attribute, value, problem, linkedTo }: Hits,
  decideLinked: (linked: LinkedAccount) => Decision,
): Adoption {
  const nothing = { notes: [], changes: [], dangers: [] };
  const { explanation } = decision;
  if (decision.do === 'refuse') return { ...nothing, kind: 'refuse', explanation };
  if (problem !== undefined) return { ...nothing, kind: 'refuse', explanation: matchingFailed(problem).detail };
  const { desired } = decision;
  const [hit] = hits;
  if (!hit) return { ...nothing, kind: 'create', explanation };
  const match = judgeHits(hits, desired, setup.matching, false, linkedTo);
  const found = {
    ...nothing,
    ...describeHit(hit, desired, attribute === 'emails' ? value : undefined),
    hit,
    ...(attribute && { matchedBy: attribute }),
  };
  if (match.do === 'skip')
    return { ...found, kind: 'left alone', explanation: 'the policy leaves accounts that exist alone' };
  if (match.do === 'fail') {
    return { ...found, kind: kindOfFailure(hits, desired, linkedTo), explanation: match.detail };
  }
  if (match.do === 'create') return { ...found, kind: 'create', explanation };
  const linked = linkAccount(setup, account, match);
  const next = decideLinked(linked);
  const changes = 'changes' in next ? next.changes : [];
  const dangers = findDangers(setup, next, linked).map(({ danger }) => danger);
  const words = changes.length > 0 ? `${changes.length} attributes differ` : 'equal: nothing is written';
  return { ...found, kind: 'adopt', explanation: words, changes, dangers, accepted: linked.accepted };
}

function kindOfFailure(
  hits: readonly ScimUser[],
  desired: ScimUser,
  linkedTo: ReadonlyMap<string, string>,
): AdoptionKind {
  const [hit] = hits;
  if (hits.length > 1) return 'ambiguous';
  if (linkedTo.has(hit!.id ?? '')) return 'taken';
  return isForeign(hit!, desired) ? 'foreign' : 'left alone';
}

function describeHit(
  hit: ScimUser,
  desired: ScimUser,
  email: string | undefined,
): Pick<Adoption, 'notes' | 'externalIdOrigin'> {
  const [theirs, ours] = [hit.userName ?? '', desired.userName ?? ''];
  const notes: AdoptionNote[] = [
    ...(differsByCase(hit, desired, email) ? ['letter case' as const] : []),
    ...(ours.includes('@') && theirs !== '' && !theirs.includes('@') ? ['handle' as const] : []),
    ...(hit.active === false ? ['inactive' as const] : []),
  ];
  if (!isForeign(hit, desired)) return { notes };
  const addresses = [theirs, ours, ...emailsOf(hit), ...emailsOf(desired)];
  return { notes, externalIdOrigin: recognizeExternalId(hit.externalId!, addresses) };
}

/** The user name, or the address that matches, is ours but for the letter case. */
function differsByCase(hit: ScimUser, desired: ScimUser, email: string | undefined): boolean {
  const isOurs = (theirs: unknown, ours: string) =>
    typeof theirs === 'string' && theirs !== ours && theirs.toLowerCase() === ours.toLowerCase();
  if (isOurs(hit.userName, desired.userName ?? '')) return true;
  return email !== undefined && !emailsOf(hit).includes(email) && emailsOf(hit).some((theirs) => isOurs(theirs, email));
}

function emailsOf({ emails = [] }: ScimUser): string[] {
  return emails.flatMap(({ value }) => (typeof value === 'string' ? [value] : []));
}
