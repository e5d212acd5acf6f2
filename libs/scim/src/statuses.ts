import type { FailureReason } from './reasons.ts';

type ReasonByStatus = Readonly<Record<number, FailureReason>>;

/** Statuses that mean the same whatever the body says, even if a proxy wrote it. */
export const decisiveStatuses: ReasonByStatus = {
  407: 'PROXY',
  408: 'SP_TIMEOUT',
  412: 'PRECONDITION',
  413: 'MALFORMED',
  414: 'MALFORMED',
  425: 'SP_TIMEOUT',
};

/** The service provider lacks this method or media type: another form of the request may work. */
export const capabilityStatuses: ReasonByStatus = {
  405: 'UNSUPPORTED',
  406: 'UNSUPPORTED',
  415: 'UNSUPPORTED',
  501: 'UNSUPPORTED',
  505: 'UNSUPPORTED',
};

const otherStatuses: ReasonByStatus = {
  200: 'SP_ERROR',
  304: 'OK',
  402: 'LICENSE_LIMIT',
  403: 'AUTH_INSUFFICIENT_SCOPE',
  404: 'NOT_FOUND',
  409: 'DUPLICATE',
  410: 'NOT_FOUND',
  422: 'INVALID_VALUE',
  423: 'POLICY_REFUSED',
  451: 'POLICY_REFUSED',
  500: 'SP_ERROR',
};

/**
 * What a status means when nothing else decided. A 403 that comes with a SCIM error about a write speaks of the
 * person; bare, it speaks of us.
 */
export function reasonOfStatus(status: number, method: string, hasScimDetail: boolean): FailureReason {
  if (status === 409 && method === 'DELETE') return 'POLICY_REFUSED';
  if (status === 403 && method !== 'GET' && hasScimDetail) return 'POLICY_REFUSED';
  const reason = otherStatuses[status];
  if (reason !== undefined) return reason;
  if (status >= 400 && status < 500) return 'MALFORMED';
  return status > 500 ? 'SP_UNAVAILABLE' : 'SP_ERROR';
}

/** The scimTypes of RFC 7644 §3.12 and RFC 9865, in lower case. */
export const scimTypes: Readonly<Record<string, FailureReason>> = {
  uniqueness: 'DUPLICATE',
  mutability: 'IMMUTABLE',
  invalidvers: 'PRECONDITION',
  invalidfilter: 'MALFORMED',
  invalidsyntax: 'MALFORMED',
  invalidpath: 'MALFORMED',
  invalidvalue: 'MALFORMED',
  notarget: 'MALFORMED',
  toomany: 'MALFORMED',
  sensitive: 'MALFORMED',
  invalidcursor: 'MALFORMED',
  expiredcursor: 'MALFORMED',
  invalidcount: 'MALFORMED',
};
