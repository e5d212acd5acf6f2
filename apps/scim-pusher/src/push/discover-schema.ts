import { readUserAttributes, rfcUserAttributes, type JsonValue, type SchemaAttribute } from '@autoprov/scim';
import { askForUsers } from './probe.ts';
import { makeFailure, type ScimAnswer, type ScimFailure } from './scim-failure.ts';
import type { Probe } from './with-probe.ts';

/** What is known of a service provider's users, or why nothing could be found out. */
export type Discovery =
  | { attributes: readonly SchemaAttribute[]; discovered: boolean; note: string }
  | {
      /** `schema`: there is no user schema, nor SCIM at /Users; `attributes`: it is there and could not be read. */
      failed: 'schema' | 'attributes' | 'credential';
      failure: ScimFailure;
    };

/**
 * Reads which attributes a service provider's users have, from /Schemas and /ResourceTypes (RFC 7644 §4). Where it has
 * neither, RFC 7643's own stand in, provided that its /Users speaks SCIM.
 */
export async function discoverSchema({ scim, withoutCredential }: Probe): Promise<Discovery> {
  const schemas = await scim.send('GET', '/Schemas');
  const types = schemas.ok ? await scim.send('GET', '/ResourceTypes') : undefined;
  const asked = [schemas, ...(types ? [types] : [])];
  const refused = asked.find(isRefused);
  if (refused) return { failed: 'credential', failure: withoutCredential ?? refused.failure };
  const outage = asked.find(isOutage);
  if (outage) return { failed: 'attributes', failure: outage.failure };
  const read = schemas.ok ? readUserAttributes(schemas.body, bodyOf(types)) : undefined;
  if (Array.isArray(read)) return { attributes: read, discovered: true, note: '' };
  return standIn({ scim, withoutCredential }, schemas, read === 'unreadable' || isUnreadable(schemas));
}

type Refused = Extract<ScimAnswer, { ok: false }>;

/** Of several kinds: RFC 7644 leaves discovery out of authentication, but a 401 says that this one does not. */
function isRefused(answer: ScimAnswer): answer is Refused {
  return !answer.ok && answer.failure.httpStatus === 401;
}

/** It is there, and cannot tell now. */
function isOutage(answer: ScimAnswer): answer is Refused {
  return !answer.ok && answer.failure.retryable;
}

/** A page or half an answer where a schema was asked for. */
function isUnreadable(answer: ScimAnswer): boolean {
  return !answer.ok && answer.failure.httpStatus >= 200 && answer.failure.httpStatus < 300;
}

function bodyOf(answer: ScimAnswer | undefined): JsonValue | undefined {
  return answer?.ok ? answer.body : undefined;
}

async function standIn(
  { scim, withoutCredential }: Pick<Probe, 'scim'> & { withoutCredential: ScimFailure | undefined },
  schemas: ScimAnswer,
  unreadable: boolean,
): Promise<Discovery> {
  const users = await askForUsers(scim);
  if (!users.ok && users.failure.retryable) return { failed: 'attributes', failure: users.failure };
  if (!users.ok && users.failure.code === '17010') {
    return { failed: 'credential', failure: withoutCredential ?? users.failure };
  }
  // A refusal in the words of SCIM is SCIM.
  if (!users.ok && !users.failure.speaksScim) return { failed: 'schema', failure: users.failure };
  if (unreadable) return { failed: 'attributes', failure: schemas.ok ? unreadableSchemas(schemas) : schemas.failure };
  const why = schemas.ok ? 'its /Schemas describes no user' : `its /Schemas answers ${schemas.failure.httpStatus}`;
  const note = `The service provider does not say which attributes it has (${why}): those of RFC 7643 stand in.`;
  return { attributes: rfcUserAttributes, discovered: false, note };
}

function unreadableSchemas({ status }: Extract<ScimAnswer, { ok: true }>): ScimFailure {
  const detail = 'the answer to /Schemas is JSON, but no list of schemas';
  return makeFailure('SP_ERROR', detail, status);
}
