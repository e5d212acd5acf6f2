import { MatchingPolicy_OnExisting, MatchingPolicy_OnForeignExternalId, type MatchingPolicy } from '@autoprov/proto';
import { member, readId, type JsonObject } from '@autoprov/scim';

/** What the service provider has as a group of ours, as it accepted it. */
export type PushedState = {
  /** Its id; undefined: it has none. */
  scimId?: string;
  origin?: 'created' | 'adopted';
  displayName?: string;
  /** A create was begun at this time and its end is not known. */
  intentAt?: Date;
};

/** One person in a group: what should be, and what the service provider accepted. */
export type GroupMember = {
  userId: string;
  /** Is in the group, in scope, as far as is known. */
  wanted: boolean;
  /** `sent`: to add or take them out was asked for, and they may be there or not. */
  state: 'none' | 'sent' | 'member';
  /** The account that was sent. */
  sentAs?: string;
  /** The account, if there is one. */
  account?: { scimId: string; isActive: boolean };
};

/** Some members in one request. */
export type MemberStep = {
  do: 'add' | 'remove';
  members: { userId: string; scimId: string }[];
  /** Some of them may be members already; where adding them again makes them members twice, that is looked at before. */
  mayBeThere?: boolean;
};

/** What is to be done about a group. */
export type GroupDecision =
  | { do: 'nothing' }
  /** Look it up, and make it where it is not there. */
  | { do: 'create' }
  | {
      do: 'change';
      /** The new displayName. */
      rename?: string;
      steps: MemberStep[];
      /** People whose account there is no more: nobody is a member by it. */
      forget: string[];
      /** Of those who leave, how many are kept for now. */
      keptCount: number;
    };

/**
 * What is to be done about a group, by what should be and what was accepted. Only members that are ours are ever named: who is in
 * the group by others stays in it. Who leaves goes first.
 *
 * @param members those that may differ
 * @param chunkSize how many members one request may name
 * @param keepsMembers nobody is taken out for now
 */
export function decideGroup(situation: {
  displayName: string;
  group: PushedState;
  members: readonly GroupMember[];
  chunkSize: number;
  keepsMembers: boolean;
}): GroupDecision {
  const { displayName, group, members, chunkSize, keepsMembers } = situation;
  if (group.scimId === undefined) return { do: 'create' };
  const adds = members.filter(isToAdd);
  const removes = members.flatMap((one) => (isToRemove(one) ? [{ userId: one.userId, scimId: one.sentAs! }] : []));
  const forget = members.filter((one) => !one.wanted && !isToRemove(one)).map(({ userId }) => userId);
  const steps = [
    ...chunk(keepsMembers ? [] : removes, chunkSize).map((some) => ({ do: 'remove' as const, members: some })),
    ...chunk(adds, chunkSize).map((some) => addStep(some, group)),
  ];
  const rename = displayName === group.displayName ? {} : { rename: displayName };
  const keptCount = keepsMembers ? removes.length : 0;
  if (steps.length === 0 && forget.length === 0 && keptCount === 0 && !('rename' in rename)) return { do: 'nothing' };
  return { do: 'change', ...rename, steps, forget, keptCount };
}

function addStep(members: readonly GroupMember[], { origin }: PushedState): MemberStep {
  const mayBeThere = origin === 'adopted' || members.some(({ state }) => state === 'sent');
  const sent = members.map(({ userId, account }) => ({ userId, scimId: account!.scimId }));
  return { do: 'add', members: sent, ...(mayBeThere && { mayBeThere }) };
}

/** Who has an account without access is not added. */
function isToAdd({ wanted, state, sentAs, account }: GroupMember): boolean {
  return wanted && account?.isActive === true && (state !== 'member' || sentAs !== account.scimId);
}

/** Another account than the one that was sent is no member by it. */
function isToRemove({ wanted, state, sentAs, account }: GroupMember): boolean {
  return !wanted && state !== 'none' && account !== undefined && sentAs === account.scimId;
}

function chunk<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

/** What a look-up before a create comes to. */
export type GroupMatch =
  | { do: 'create' }
  | { do: 'link'; scimId: string; origin: 'created' | 'adopted'; displayName: string }
  | { do: 'skip' }
  | { do: 'fail'; reason: 'DUPLICATE' | 'AMBIGUOUS_MATCH'; detail: string };

/**
 * What is done with the groups that were found by externalId or displayName. The policy is that of accounts.
 *
 * @param externalId ours
 * @param isOurs a create of ours was begun and its end is not known
 * @param linkedTo the group of ours that the hit stands for already
 */
export function judgeFoundGroups(
  hits: readonly JsonObject[],
  externalId: string,
  policy: MatchingPolicy | undefined,
  { isOurs, linkedTo }: { isOurs: boolean; linkedTo: string | undefined },
): GroupMatch {
  const [hit, ...more] = hits;
  if (!hit) return { do: 'create' };
  const fail = (reason: 'DUPLICATE' | 'AMBIGUOUS_MATCH', detail: string) => ({ do: 'fail' as const, reason, detail });
  if (more.length > 0)
    return fail('AMBIGUOUS_MATCH', `${hits.length} groups there match this one: remove or rename all but one`);
  const scimId = readId(hit);
  if (scimId === undefined)
    return fail('DUPLICATE', 'the group that matches has no id that can be used: the service provider must answer one');
  if (linkedTo !== undefined)
    return fail(
      'DUPLICATE',
      `the group that matches (${scimId}) stands for another group: give one of them another name`,
    );
  const found = { do: 'link' as const, scimId, displayName: textOf(hit, 'displayName') };
  const theirs = textOf(hit, 'externalId');
  if (theirs !== '' && theirs !== externalId) {
    const { onForeignExternalId } = policy ?? {};
    const { ON_FOREIGN_EXTERNAL_ID_KEEP: keep, ON_FOREIGN_EXTERNAL_ID_OVERWRITE: overwrite } =
      MatchingPolicy_OnForeignExternalId;
    if (onForeignExternalId === keep || onForeignExternalId === overwrite) return { ...found, origin: 'adopted' };
    return fail(
      'DUPLICATE',
      `a group of that name has another externalId (${scimId}): rename one, or let it be adopted`,
    );
  }
  if (isOurs) return { ...found, origin: 'created' };
  if (policy?.onExisting === MatchingPolicy_OnExisting.ON_EXISTING_SKIP) return { do: 'skip' };
  if (policy?.onExisting === MatchingPolicy_OnExisting.ON_EXISTING_FAIL)
    return fail('DUPLICATE', `a group of that name exists already at the service provider (${scimId})`);
  return { ...found, origin: 'adopted' };
}

function textOf(resource: JsonObject, name: string): string {
  const value = member(resource, name);
  return typeof value === 'string' ? value : '';
}
