import {
  groupUrn,
  isObject,
  member,
  patchRequest,
  readId,
  type JsonObject,
  type JsonValue,
  type PatchOperation,
} from '@autoprov/scim';
import type { MemberStep } from '../domain/decide-group.ts';
import type { SentMember } from '../store/group-members.ts';
import type { Pass } from './pass.ts';
import { makeFailure, type ScimAnswer, type ScimFailure } from './scim-failure.ts';
import { prove, isTrusted } from './verify-write.ts';

/**
 * What came of a chunk of members: for whom it is done, and who is refused by themselves; `stopped`: why nothing further should be
 * sent now.
 */
export type MembersWritten = {
  done: SentMember[];
  refused: SentMember[];
  refusal?: ScimFailure;
  stopped?: ScimFailure;
};

/** How many refused requests a push of a group may still cost: after that, it is not about single members. */
export type Refusals = { left: number };

/** Makes the group, without members: those come in chunks. */
export async function createGroup(
  { scim }: Pass,
  externalId: string,
  displayName: string,
): Promise<{ ok: true; scimId: string } | { ok: false; failure: ScimFailure }> {
  const answer = await scim.send('POST', '/Groups', { schemas: [groupUrn], externalId, displayName });
  if (!answer.ok) return answer;
  const scimId = isObject(answer.body) ? readId(answer.body) : undefined;
  if (scimId !== undefined) return { ok: true, scimId };
  const detail = 'the group was made, but the answer has no id that can be used: it is looked up at the next attempt';
  return { ok: false, failure: { ...makeFailure('SP_ERROR', detail, answer.status), unknownEnd: true } };
}

/** Gives the group another name. */
export async function renameGroup(pass: Pass, scimId: string, displayName: string): Promise<ScimAnswer> {
  return patch(pass, scimId, [{ op: 'replace', path: 'displayName', value: displayName }], {
    isRemoval: false,
    isRepeatable: true,
  });
}

/**
 * Adds or removes some members with one request. Where that is refused, the chunk is halved until only those are left who are
 * refused by themselves: one account that is not there keeps nobody else out.
 */
export async function writeMembers(
  pass: Pass,
  scimId: string,
  step: MemberStep,
  refusals: Refusals,
): Promise<MembersWritten> {
  const there = step.mayBeThere ? await findThere(pass, scimId, step) : { ok: true as const, members: [] };
  if (!there.ok) return { done: [], refused: [], stopped: there.failure };
  const members = step.members.filter((one) => !there.members.includes(one));
  if (members.length === 0) return { done: there.members, refused: [] };
  const written = await writeHalves(pass, scimId, { ...step, members }, refusals);
  return { ...written, done: [...there.members, ...written.done] };
}

/** Who of them is shown as a member; nobody, where members are not shown. */
async function findThere({ scim }: Pass, scimId: string, { members }: MemberStep) {
  const answer = await scim.send('GET', pathOf(scimId));
  if (!answer.ok) return answer;
  const shown = shownMembers(answer.body);
  return { ok: true as const, members: members.filter((one) => shown?.has(one.scimId)) };
}

async function writeHalves(pass: Pass, scimId: string, step: MemberStep, refusals: Refusals): Promise<MembersWritten> {
  const isRemoval = step.do === 'remove';
  const answer = await patch(pass, scimId, operationsOf(step), { isRemoval, isRepeatable: isRemoval });
  const failure = answer.ok ? await verifyMembers(pass, scimId, step, answer.body) : answer.failure;
  if (!failure) return { done: step.members, refused: [] };
  if (answer.ok || !isAboutContent(failure) || refusals.left-- <= 0) return { done: [], refused: [], stopped: failure };
  const group = await pass.scim.send('GET', pathOf(scimId));
  if (!group.ok) return { done: [], refused: [], stopped: group.failure };
  if (step.members.length === 1) {
    const isDone = isAsWanted(group.body, step);
    return isDone ? { done: step.members, refused: [] } : { done: [], refused: step.members, refusal: failure };
  }
  const middle = Math.ceil(step.members.length / 2);
  const first = await writeHalves(pass, scimId, { ...step, members: step.members.slice(0, middle) }, refusals);
  if (first.stopped) return first;
  const second = await writeHalves(pass, scimId, { ...step, members: step.members.slice(middle) }, refusals);
  const refusal = first.refusal ?? second.refusal;
  return {
    ...second,
    done: [...first.done, ...second.done],
    refused: [...first.refused, ...second.refused],
    ...(refusal && { refusal }),
  };
}

/** Whether a service provider refuses what was asked, and not us or for now. */
function isAboutContent({ code, retryable }: ScimFailure): boolean {
  return !retryable && (code === '45003' || code === '45006' || code === '45016');
}

/** An earlier request did it, whose answer never came: some service providers refuse to do it again. */
function isAsWanted(group: JsonValue | undefined, { do: what, members }: MemberStep): boolean {
  const shown = shownMembers(group);
  return shown !== undefined && members.every(({ scimId }) => shown.has(scimId) === (what === 'add'));
}

/**
 * One path a member (RFC 7644 §3.5.2.2). Never `remove` of `members` with a list: where the list is not understood, that is
 * everybody.
 */
function operationsOf({ do: what, members }: MemberStep): PatchOperation[] {
  if (what === 'add') return [{ op: 'add', path: 'members', value: members.map(({ scimId }) => ({ value: scimId })) }];
  return members.map(({ scimId }) => ({ op: 'remove', path: `members[value eq ${JSON.stringify(scimId)}]` }));
}

/** To add a member twice is not always to add it once: scimmy then has it twice. */
function patch(
  pass: Pass,
  scimId: string,
  operations: PatchOperation[],
  how: { isRemoval: boolean; isRepeatable: boolean },
): Promise<ScimAnswer> {
  return pass.scim.send('PATCH', pathOf(scimId), patchRequest(operations) as unknown as JsonObject, how);
}

/**
 * Changes name and members of a group by PUT, for service providers without PATCH: what they have, with ours in it.
 *
 * @param accepted those that were accepted before and stay
 */
export async function putGroup(
  pass: Pass,
  { scimId, origin, displayName }: { scimId: string; origin: 'created' | 'adopted' | undefined; displayName: string },
  steps: readonly MemberStep[],
  accepted: readonly string[],
): Promise<ScimAnswer> {
  const current = await pass.scim.send('GET', pathOf(scimId));
  if (!current.ok) return current;
  const body = isObject(current.body) ? current.body : {};
  const shown = member(body, 'members');
  // A PUT of what is not shown would empty it.
  if (origin === 'adopted' && !Array.isArray(shown)) return { ok: false, failure: hidesMembers(current.status) };
  const idsOf = (what: MemberStep['do']) =>
    steps.flatMap((step) => (step.do === what ? step.members.map(({ scimId: id }) => id) : []));
  const [added, removed] = [idsOf('add'), new Set(idsOf('remove'))];
  const kept = (Array.isArray(shown) ? shown : []).filter((one) => !removed.has(idOf(one) ?? ''));
  const present = new Set(kept.map(idOf));
  const missing = [...new Set([...accepted, ...added])].filter((id) => !present.has(id));
  const { meta: _, ...rest } = Object.fromEntries(
    Object.entries(body).filter(([name]) => !['members', 'displayname'].includes(name.toLowerCase())),
  );
  const members = [...kept, ...missing.map((value) => ({ value }))];
  const wanted = { ...rest, schemas: rest['schemas'] ?? [groupUrn], displayName, members };
  return pass.scim.send('PUT', pathOf(scimId), wanted, { isRemoval: removed.size > 0 });
}

function hidesMembers(httpStatus: number): ScimFailure {
  const detail = 'the group was found there, and its members are not shown: a PUT could take out those of others';
  return makeFailure('UNSUPPORTED', detail, httpStatus);
}

/**
 * Makes sure that a change took effect: a 2xx alone proves nothing. Where neither the answer nor a read shows members at all, nothing
 * can be said; a list may be cut, so who is missing in it counts only when it is empty.
 */
async function verifyMembers(
  pass: Pass,
  scimId: string,
  { do: what, members }: MemberStep,
  answerBody: JsonValue | undefined,
): Promise<ScimFailure | undefined> {
  const kind = what === 'add' ? 'group-add' : 'group-remove';
  let shown = shownMembers(answerBody);
  if (!shown) {
    if (isTrusted(pass, kind)) return undefined;
    const answer = await pass.scim.send('GET', pathOf(scimId));
    if (!answer.ok) return { ...answer.failure, unknownEnd: true };
    shown = shownMembers(answer.body);
  }
  const isWrong = what === 'add' ? shown?.size === 0 : members.some(({ scimId: id }) => shown?.has(id));
  if (!isWrong) {
    prove(pass, kind);
    return undefined;
  }
  const detail = 'accepted, but the group does not show it: check its members at the service provider';
  return { ...makeFailure('NOT_APPLIED', detail, 200), unknownEnd: true };
}

/** undefined: members are not shown. */
function shownMembers(body: JsonValue | undefined): Set<string> | undefined {
  const members = isObject(body) ? member(body, 'members') : undefined;
  if (!Array.isArray(members)) return undefined;
  return new Set(members.flatMap((one) => idOf(one) ?? []));
}

function idOf(one: JsonValue): string | undefined {
  const value = isObject(one) ? member(one, 'value') : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** Where the group is. */
export function pathOf(scimId: string): string {
  return `/Groups/${encodeURIComponent(scimId)}`;
}
