import {
  codeOf,
  failureReasons,
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
import type { ScimAnswer, ScimFailure } from './scim-client.ts';

/** What came of a change of a group: which members it is done for, and why not for the others. */
export type MembersWritten = { done: SentMember[]; failure?: ScimFailure };

/** So many refused requests end a chunk: the rest would be refused, too. */
const maxRefusals = 5;
/** So often a kind of write must be seen to work before only one in `sampleOf` is checked. */
const proofsNeeded = 5;
const sampleOf = 100;

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
  const failure = { code: '45004', reason: 'SP_ERROR', retryable: true, detail, httpStatus: answer.status };
  return { ok: false, failure: { ...failure, unknownEnd: true } };
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
export async function writeMembers(pass: Pass, scimId: string, step: MemberStep): Promise<MembersWritten> {
  const there = step.mayBeThere ? await findThere(pass, scimId, step) : { ok: true as const, members: [] };
  if (!there.ok) return { done: [], failure: there.failure };
  const members = step.members.filter((one) => !there.members.includes(one));
  if (members.length === 0) return { done: there.members };
  const written = await writeHalves(pass, scimId, { ...step, members }, { left: maxRefusals });
  return { ...written, done: [...there.members, ...written.done] };
}

/** Who of them is shown as a member; nobody, where members are not shown. */
async function findThere({ scim }: Pass, scimId: string, { members }: MemberStep) {
  const answer = await scim.send('GET', pathOf(scimId));
  if (!answer.ok) return answer;
  const shown = shownMembers(answer.body);
  return { ok: true as const, members: members.filter((one) => shown?.has(one.scimId)) };
}

async function writeHalves(
  pass: Pass,
  scimId: string,
  step: MemberStep,
  refusals: { left: number },
): Promise<MembersWritten> {
  const isRemoval = step.do === 'remove';
  const answer = await patch(pass, scimId, operationsOf(step), { isRemoval, isRepeatable: isRemoval });
  if (answer.ok) {
    const failure = await verifyMembers(pass, scimId, step, answer.body);
    return failure ? { done: [], failure } : { done: step.members };
  }
  const { failure } = answer;
  if (failure.retryable || !failure.code.startsWith('4500') || failure.code === '45005') return { done: [], failure };
  if (step.members.length === 1) {
    const isDone = step.do === 'remove' && (await isGone(pass, scimId, step.members[0]!));
    return isDone ? { done: step.members } : { done: [], failure };
  }
  if (refusals.left-- <= 0) return { done: [], failure };
  const middle = Math.ceil(step.members.length / 2);
  const first = await writeHalves(pass, scimId, { ...step, members: step.members.slice(0, middle) }, refusals);
  if (first.failure?.retryable) return first;
  const second = await writeHalves(pass, scimId, { ...step, members: step.members.slice(middle) }, refusals);
  const why = first.failure ?? second.failure;
  return { done: [...first.done, ...second.done], ...(why && { failure: why }) };
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

/** Whom an earlier request took out, whose answer never came: some service providers refuse to do it again. */
async function isGone({ scim }: Pass, scimId: string, one: SentMember): Promise<boolean> {
  const answer = await scim.send('GET', pathOf(scimId));
  if (!answer.ok) return false;
  const shown = shownMembers(answer.body);
  return shown !== undefined && !shown.has(one.scimId);
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
  const reason = 'UNSUPPORTED';
  const detail = 'the group was found there, and its members are not shown: a PUT could take out those of others';
  return { code: codeOf(reason)!, reason, retryable: false, detail, httpStatus };
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
    const proofs = (pass.work.provenWrites[kind] ?? 0) + (pass.provenWrites[kind] ?? 0);
    if (proofs >= proofsNeeded && Math.random() * sampleOf >= 1) return undefined;
    const answer = await pass.scim.send('GET', pathOf(scimId));
    if (!answer.ok) return { ...answer.failure, unknownEnd: true };
    shown = shownMembers(answer.body);
  }
  const isWrong = what === 'add' ? shown?.size === 0 : members.some(({ scimId: id }) => shown?.has(id));
  if (!isWrong) {
    pass.provenWrites[kind] = (pass.provenWrites[kind] ?? 0) + 1;
    return undefined;
  }
  const reason = 'NOT_APPLIED';
  const { retryable } = failureReasons[reason];
  const detail = 'accepted, but the group does not show it: check its members at the service provider';
  return { code: codeOf(reason)!, reason, retryable, detail, httpStatus: 200, unknownEnd: true };
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
