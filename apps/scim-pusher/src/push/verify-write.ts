import { showsState, type JsonObject, type JsonValue, type ScimUser } from '@autoprov/scim';
import type { Pass } from './pass.ts';
import { makeFailure, type ScimFailure } from './scim-failure.ts';

/** So often a kind of write must be seen to work before only one in `sampleOf` is checked. */
const proofsNeeded = 5;
const sampleOf = 100;

/**
 * Makes sure that a write took effect: a 2xx alone proves nothing. The answer's own body is proof; without it the account
 * is read back until the service provider has proved this kind of write, then now and then.
 *
 * Only what decides over access (`active`) is a failure when it does not show; other attributes that the service
 * provider drops or rewrites are drift, which a further write would not mend.
 *
 * @returns why the write counts as failed; undefined: it took effect
 */
export async function verifyWrite(
  pass: Pass,
  kind: 'create' | 'patch' | 'put',
  scimId: string,
  desired: ScimUser,
  answerBody: JsonValue | undefined,
): Promise<ScimFailure | undefined> {
  const access = { active: desired.active ?? true };
  if (isResource(answerBody) && showsState(answerBody, access)) {
    if (showsState(answerBody, desired as JsonObject)) prove(pass, kind);
    return undefined;
  }
  if (isTrusted(pass, kind)) return undefined;
  const answer = await pass.scim.send('GET', `/Users/${encodeURIComponent(scimId)}`);
  if (!answer.ok) return answer.failure;
  if (isResource(answer.body) && showsState(answer.body, access)) {
    prove(pass, kind);
    return undefined;
  }
  const detail = `accepted, but the account still does not show active = ${access.active}: check it at the service provider`;
  return makeFailure('NOT_APPLIED', detail, answer.status);
}

/** Whether a kind of write has been seen to work often enough, and is not the one in `sampleOf` that is checked all the same. */
export function isTrusted(pass: Pass, kind: string): boolean {
  const proofs = (pass.work.provenWrites[kind] ?? 0) + (pass.provenWrites[kind] ?? 0);
  return proofs >= proofsNeeded && Math.random() * sampleOf >= 1;
}

/** A write of this kind was seen to have taken effect. */
export function prove(pass: Pass, kind: string): void {
  pass.provenWrites[kind] = (pass.provenWrites[kind] ?? 0) + 1;
}

function isResource(body: JsonValue | undefined): body is JsonObject {
  return typeof body === 'object' && body !== null && !Array.isArray(body) && Object.keys(body).length > 0;
}
