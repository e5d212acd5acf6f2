import { RpcError, status, type CallContext } from '@autoprov/grpc';
import type { ExtraScope, Reason } from '@autoprov/proto';
import type { ReaderContext } from './context.ts';
import { createDirectoryClient, type DirectoryClient } from './directory-client.ts';
import { problemOf, type DirectoryError } from './domain/directory-error.ts';
import { getDirectoryToken } from './get-directory-token.ts';
import { countRequest, type OtherKind } from './store/request-counts.ts';

/** Kept back of the caller's deadline, so that the caller still hears why. */
const ANSWER_MARGIN_MS = 1_000;
const RETRY_AFTER_MS = 5_000;

/** What the broker says of a token, where a call may say it too. */
const tokenReasons: readonly Reason[] = [
  'DELEGATION_MISSING',
  'DELEGATION_REVOKED',
  'SCOPE_MISSING',
  'ADMIN_NOT_USABLE',
  'TOKEN_NOT_GENERATED',
  'GOOGLE_CUSTOMER_MISMATCH',
  'GOOGLE_CUSTOMER_TAKEN',
];

/** How it is asked. */
export type AskOptions = {
  /** Default: `checks`. */
  countAs?: OtherKind;
  /** For when requests are sent; that of the database where answers are merged. */
  now?: () => Date;
  /** Instead of the three. */
  extraScope?: ExtraScope;
};

/**
 * Google's directory of a customer, for one call: tried again until the caller's deadline, and counted apart from what
 * reads cost.
 */
export function askDirectory(
  context: ReaderContext,
  customerId: string,
  { signal, deadline }: Pick<CallContext, 'signal' | 'deadline'>,
  { countAs = 'checks', now = () => new Date(), extraScope }: AskOptions = {},
): DirectoryClient {
  return createDirectoryClient({
    rootUrl: context.googleRootUrl,
    retryBudgetMs: Math.max(0, deadline.getTime() - Date.now() - ANSWER_MARGIN_MS),
    budget: context.budgetOf(customerId),
    getToken: ({ forceNew }) => getDirectoryToken(context, customerId, { forceNew, extraScope }),
    countRequest: () => countRequest(context.pool, customerId, countAs),
    now,
    signal,
    logger: context.logger,
  });
}

/**
 * A question that Google did not answer: UNAVAILABLE where that passes, else FAILED_PRECONDITION, with the code of the
 * error model in the metadata.
 *
 * @param what could not be done, for people
 * @param reason instead of the one that the failure has itself
 */
export function directoryFailure(
  err: DirectoryError,
  what: string,
  own?: { reason: Reason; localizedMessage: string | undefined },
): RpcError {
  const { code, reason: finerReason, detail } = problemOf(err, 'users');
  const isPassing = err.kind === 'unavailable' || err.kind === 'unusable' || code === '17002';
  const reason = own?.reason ?? (isPassing ? 'DEPENDENCY_UNAVAILABLE' : refusalOf(finerReason));
  const advice = isPassing ? 'try again later' : `see ${code} (${finerReason}) in docs/failures.md`;
  const words = `${what}: ${detail}; ${advice}`;
  return new RpcError(isPassing ? status.UNAVAILABLE : status.FAILED_PRECONDITION, reason, words, {
    metadata: { code, finer_reason: finerReason },
    ...(own?.localizedMessage !== undefined && { localizedMessage: own.localizedMessage }),
    ...(isPassing && { retryAfterMs: err.retryAfterMs ?? RETRY_AFTER_MS }),
  });
}

function refusalOf(finerReason: string): Reason {
  return tokenReasons.find((reason) => reason === finerReason) ?? 'ADMIN_NOT_USABLE';
}
