import { ScimProfile_Update } from '@autoprov/proto';
import { managedPart } from '@autoprov/mapping';
import {
  diffUser,
  isObject,
  listsIn,
  mergeForPut,
  patchRequest,
  readId,
  rebaseLists,
  type JsonObject,
  type PatchOperation,
  type ScimResource,
  type ScimUser,
} from '@autoprov/scim';
import type { Pass } from './pass.ts';
import { makeFailure, type ScimAnswer, type ScimFailure } from './scim-failure.ts';
import { verifyWrite } from './verify-write.ts';

/** What came of a write: done, or why not. */
export type Written = { ok: true; scimId: string } | { ok: false; failure: ScimFailure };

/** Creates the account (RFC 7644 §3.3). */
export async function createAccount(pass: Pass, desired: ScimUser): Promise<Written> {
  const answer = await pass.scim.send('POST', '/Users', desired as JsonObject);
  if (!answer.ok) return answer;
  const scimId = idOf(answer);
  if (scimId === undefined) {
    const detail =
      'the account was created, but the answer has no id that can be used: it is looked up at the next attempt';
    return { ok: false, failure: { ...makeFailure('SP_ERROR', detail, answer.status), unknownEnd: true } };
  }
  const failure = await verifyWrite(pass, 'create', scimId, desired, answer.body);
  return failure ? { ok: false, failure: { ...failure, unknownEnd: true } } : { ok: true, scimId };
}

/**
 * Changes the account with one request: PATCH with paths, or for service providers without it PUT of what they have
 * with our attributes in it.
 *
 * @param how `readFirst`: what the changes were decided from may not be what is there
 */
export async function changeAccount(
  pass: Pass,
  scimId: string,
  desired: ScimUser,
  changes: PatchOperation[],
  { readFirst = false } = {},
): Promise<Written> {
  const path = `/Users/${encodeURIComponent(scimId)}`;
  const isRemoval = desired.active === false;
  const kind = usesPatch(pass) ? 'patch' : 'put';
  const answer =
    kind === 'patch'
      ? await patch(pass, path, desired, changes, { isRemoval, readFirst })
      : await putMerged(pass, path, desired, isRemoval);
  if (!answer.ok) return answer;
  const failure = await verifyWrite(pass, kind, scimId, desired, answer.body);
  return failure ? { ok: false, failure: { ...failure, unknownEnd: true } } : { ok: true, scimId };
}

/** Deletes the account (RFC 7644 §3.6); one that is gone already is a success, by the classifier. */
export async function deleteAccount(pass: Pass, scimId: string): Promise<Written> {
  const answer = await pass.scim.send('DELETE', `/Users/${encodeURIComponent(scimId)}`);
  return answer.ok ? { ok: true, scimId } : answer;
}

/** Whether the service provider takes PATCH, by its template or by what it says. */
export function usesPatch({ app, work }: Pass): boolean {
  if (app.profile.update === ScimProfile_Update.UPDATE_PUT) return false;
  return app.profile.update === ScimProfile_Update.UPDATE_PATCH || work.patchSupported !== false;
}

/**
 * Whether an earlier PATCH was done is not known after a crash or a lost answer, and operations on lists may not be done
 * twice: what is in the lists is read first, and such a request is not repeated blindly.
 */
async function patch(
  pass: Pass,
  path: string,
  desired: ScimUser,
  changes: PatchOperation[],
  { isRemoval, readFirst }: { isRemoval: boolean; readFirst: boolean },
): Promise<ScimAnswer> {
  const send = (operations: PatchOperation[], isRepeatable: boolean): Promise<ScimAnswer> =>
    pass.scim.send('PATCH', path, patchRequest(operations) as unknown as JsonObject, { isRemoval, isRepeatable });
  if (!readFirst && listsIn(changes).length === 0) return send(changes, true);
  const current = await pass.scim.send('GET', path);
  if (!current.ok) return current;
  const rows = pass.app.setup.attributeMapping?.rows ?? [];
  const found = managedPart(rows, (current.body ?? {}) as JsonObject) as ScimUser;
  const operations = readFirst ? diffUser(found, desired) : rebaseLists(changes, found, desired);
  return operations.length === 0 ? current : send(operations, listsIn(operations).length === 0);
}

async function putMerged(pass: Pass, path: string, desired: ScimUser, isRemoval: boolean): Promise<ScimAnswer> {
  const current = await pass.scim.send('GET', path);
  if (!current.ok) return current;
  const managed = (pass.app.setup.attributeMapping?.rows ?? []).map((row) => row.target);
  const merged = mergeForPut((current.body ?? {}) as ScimResource, desired, [...managed, 'active']);
  return pass.scim.send('PUT', path, merged as JsonObject, { isRemoval });
}

function idOf(answer: Extract<ScimAnswer, { ok: true }>): string | undefined {
  return isObject(answer.body) ? readId(answer.body) : undefined;
}
