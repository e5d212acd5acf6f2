import type { Answer, DecidedBy, Verdict } from './answer.ts';
import { appPatterns, credentialPatterns, limitPatterns } from './app-patterns.ts';
import type { ScimError } from './error-body.ts';
import { headerOf } from './headers.ts';
import { isObject, member } from './json.ts';
import { readList } from './list.ts';
import { findPattern, findTemplatePattern, wordsOf } from './patterns.ts';
import type { BodyPattern } from './patterns.ts';
import type { FailureReason } from './reasons.ts';
import { licensingPatterns, resourcePatterns } from './resource-patterns.ts';
import { capabilityStatuses, decisiveStatuses, reasonOfStatus, scimTypes } from './statuses.ts';

/** An answer with what its rules need. A step decides, or passes on by undefined. */
interface Question {
  answer: Answer;
  status: number;
  error: ScimError;
  words: string;
}

/**
 * What a SCIM endpoint's HTTP answer means. A status alone misleads (Salesforce answers 409 for a missing field,
 * Miro 400 for a duplicate, RingCentral 403 for a licence), so it is asked last.
 */
export function judgeAnswer(answer: Answer, error: ScimError): Verdict {
  const status = answer.status ?? 0;
  if (status < 200 || status > 299) return judgeRefusal(answer, status, error);
  if (isRefusalInDisguise(error)) return judgeRefusal(answer, error.status ?? status, error);
  return judgeSuccess(answer, error);
}

function judgeRefusal(answer: Answer, status: number, error: ScimError): Verdict {
  const question: Question = {
    answer,
    status,
    error,
    words: wordsOf(`${error.text}\n${vendorScimType(error)}`).trim(),
  };
  return (
    askTemplate(question) ??
    askLimits(question) ??
    askCredentials(question) ??
    askEndpoint(question) ??
    askWords(question) ??
    askScimType(question) ??
    decided('status', reasonOfStatus(status, answer.request.method, error.isScimError && error.detail !== undefined))
  );
}

/** Slack answers `{"ok":false}`, others a whole SCIM error, with status 200. */
function isRefusalInDisguise({ json, isScimError }: ScimError): boolean {
  return isScimError || (isObject(json) && (member(json, 'ok') === false || member(json, 'success') === false));
}

/** A 2xx is a success only if it is SCIM: a login page, or a create without an id, is none. */
function judgeSuccess(answer: Answer, error: ScimError): Verdict {
  const { method, path } = answer.request;
  const onCollection = /\/(?:users|groups)\/?(?:\?|$)/i.test(path);
  if (error.kind === 'markup') return decided('endpoint', 'WRONG_ENDPOINT');
  if (method === 'GET') {
    if (error.kind === 'broken_json') return decided('endpoint', 'SP_ERROR');
    if (error.json === undefined) return decided('endpoint', 'WRONG_ENDPOINT');
    if (onCollection && readList(error.json) === undefined) return decided('endpoint', 'WRONG_ENDPOINT');
  }
  if (method === 'POST' && onCollection && !namesResource(answer, error)) return decided('endpoint', 'SP_ERROR');
  return decided('status', 'OK');
}

function namesResource(answer: Answer, error: ScimError): boolean {
  const id = isObject(error.json) ? member(error.json, 'id') : undefined;
  return typeof id === 'string' || typeof id === 'number' || headerOf(answer.headers, 'location') !== undefined;
}

function askTemplate({ answer, status, error, words }: Question): Verdict | undefined {
  const asked = { status, scimType: error.scimType, words };
  const found = findTemplatePattern(answer.extraPatterns ?? [], asked);
  if (!found) return undefined;
  return { ...decided('pattern', found.reason), ...(found.retryable !== undefined && { retryable: found.retryable }) };
}

function askLimits({ answer, status, words }: Question): Verdict | undefined {
  const noneLeft = status === 403 && headerOf(answer.headers, 'x-ratelimit-remaining') === '0';
  if (status === 429 || noneLeft) return decided('limit', 'RATE_LIMITED');
  return decideBy('limit', findPattern(limitPatterns, words, answer.request.path));
}

/** 401 needs no words; 403 is as often about the person, or about the whole app, as about the credential. */
function askCredentials({ answer, status, error, words }: Question): Verdict | undefined {
  if (status === 401) return renewable(answer, decided('credentials', 'AUTH_REVOKED'));
  const app = error.kind === 'markup' ? undefined : findPattern(appPatterns, words, answer.request.path);
  if (app !== undefined && status < 500) return decideBy('pattern', app);
  if ((status !== 400 && status !== 403 && status > 299) || error.kind === 'markup') return undefined;
  const challenge = headerOf(answer.headers, 'www-authenticate') ?? '';
  if (/insufficient_scope/i.test(challenge)) return decided('credentials', 'AUTH_INSUFFICIENT_SCOPE');
  if (/invalid_token/i.test(challenge)) return renewable(answer, decided('credentials', 'AUTH_REVOKED'));
  const found = decideBy('credentials', findPattern(credentialPatterns, words, answer.request.path));
  return found?.reason === 'AUTH_REVOKED' ? renewable(answer, found) : found;
}

/** An OAuth token can be renewed once, and the call repeated, before anybody has to act. */
function renewable(answer: Answer, verdict: Verdict): Verdict {
  return { ...verdict, retryable: answer.auth === 'oauth' };
}

/** Whether a SCIM server answered at all, and whether it knows this kind of request. */
function askEndpoint({ answer, status, error, words }: Question): Verdict | undefined {
  const { method, path } = answer.request;
  const decisive = decisiveStatuses[status];
  if (decisive !== undefined) return decided('status', decisive);
  const redirected = status >= 300 && status < 400 && status !== 304;
  const blockedByEdge = /^error code: 1\d{3}\b/.test(words);
  if (redirected || (status < 500 && (error.kind === 'markup' || blockedByEdge)))
    return decided('endpoint', 'WRONG_ENDPOINT');
  const capability = capabilityStatuses[status];
  if (capability !== undefined) return decided('status', capability);
  if (status !== 404 && status !== 410) return undefined;
  const onResource = /\/(?:users|groups)\/[^/?]/i.test(path);
  if (onResource && method === 'DELETE') return decided('status', 'ALREADY_GONE');
  return onResource || (error.isScimError && method !== 'GET') ? undefined : decided('endpoint', 'WRONG_ENDPOINT');
}

function askWords({ answer, status, error, words }: Question): Verdict | undefined {
  if (error.kind === 'markup' || status > 500) return undefined;
  const isUniqueness = error.scimType?.toLowerCase() === 'uniqueness';
  const found = findPattern(isUniqueness ? licensingPatterns : resourcePatterns, words, answer.request.path);
  return found === undefined || isDoubtful(found.reason, status, error) ? undefined : decideBy('pattern', found);
}

/** Words that say less than the scimType beside them, or nothing within a crash report. */
function isDoubtful(reason: FailureReason, status: number, error: ScimError): boolean {
  const scimType = error.scimType?.toLowerCase() ?? '';
  if (status === 500) return reason === 'MALFORMED' || reason === 'INVALID_VALUE';
  if (reason === 'MISSING_REQUIRED')
    return ['notarget', 'invalidpath', 'invalidfilter', 'mutability'].includes(scimType);
  return reason === 'INVALID_VALUE' && scimType !== 'invalidvalue' && scimTypes[scimType] !== undefined;
}

function askScimType({ status, error }: Question): Verdict | undefined {
  const reason = scimTypes[error.scimType?.toLowerCase() ?? ''];
  return status >= 500 || reason === undefined ? undefined : decided('scim_type', reason);
}

/** A scimType that no RFC knows is a word like others. */
function vendorScimType({ scimType = '' }: ScimError): string {
  return scimTypes[scimType.toLowerCase()] === undefined ? scimType : '';
}

function decided(decidedBy: DecidedBy, reason: FailureReason): Verdict {
  return { reason, decidedBy };
}

function decideBy(decidedBy: DecidedBy, pattern: BodyPattern | undefined): Verdict | undefined {
  return pattern && decided(decidedBy, pattern.reason);
}
