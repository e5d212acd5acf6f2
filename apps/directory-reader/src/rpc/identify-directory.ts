import { type CallContext, RpcError, status } from '@autoprov/grpc';
import type { IdentifyDirectoryRequest, IdentifyDirectoryResponse } from '@autoprov/proto';
import type { ReaderContext } from '../context.ts';
import { createDirectoryClient } from '../directory-client.ts';
import { DirectoryError, problemOf } from '../domain/directory-error.ts';
import { countRequest } from '../store/request-counts.ts';
import { requireCustomerId } from './names.ts';

/** Kept back of the caller's deadline, so that the caller still hears why. */
const ANSWER_MARGIN_MS = 500;
const RETRY_AFTER_MS = 300_000;

/** Asks Google which Google customer the admin, and with them the token's directory, belongs to. Stores nothing. */
export async function identifyDirectory(
  context: ReaderContext,
  { customer, adminEmail, accessToken }: IdentifyDirectoryRequest,
  { signal, deadline }: Pick<CallContext, 'signal' | 'deadline'>,
): Promise<IdentifyDirectoryResponse> {
  const customerId = requireCustomerId('customer', customer);
  const directory = createDirectoryClient({
    rootUrl: context.googleRootUrl,
    retryBudgetMs: Math.max(0, deadline.getTime() - Date.now() - ANSWER_MARGIN_MS),
    budget: context.budgetOf(customerId),
    // The broker has just made it: there is no newer one.
    getToken: async ({ forceNew }) => {
      if (forceNew) throw new DirectoryError('forbidden', 'users.get refuses a token that was just made');
      return accessToken;
    },
    countRequest: (kind) => countRequest(context.pool, customerId, kind),
    now: () => new Date(),
    signal,
    logger: context.logger,
  });
  try {
    return { googleCustomerId: readCustomerId((await directory.identify(adminEmail)).body) };
  } catch (err) {
    throw err instanceof DirectoryError ? toRpcError(err) : err;
  }
}

function readCustomerId(body: unknown): string {
  const customerId = (body as { customerId?: unknown } | null)?.customerId;
  if (typeof customerId === 'string' && /^\w{1,64}$/.test(customerId)) return customerId;
  throw new DirectoryError('unusable', 'users.get answered without a customerId');
}

function toRpcError(err: DirectoryError): RpcError {
  const { code, reason, detail } = problemOf(err, 'users');
  const said = `the directory does not say whose it is: ${detail}`;
  switch (err.kind) {
    case 'not-found':
      return refused(`${said}: name an admin who exists`, { code: '17007' });
    case 'rejected':
      return refused(`${said}: check the address of the admin`, { code: '17007', finer_reason: 'UNEXPECTED_ANSWER' });
    case 'forbidden':
    case 'api-disabled':
      return refused(`${said}: see ${code} (${reason})`, { code, finer_reason: reason });
    default:
      return new RpcError(status.UNAVAILABLE, 'DEPENDENCY_UNAVAILABLE', `${said}: try again later`, {
        metadata: { code, finer_reason: reason },
        retryAfterMs: err.retryAfterMs ?? RETRY_AFTER_MS,
      });
  }
}

function refused(message: string, metadata: Record<string, string>): RpcError {
  return new RpcError(status.FAILED_PRECONDITION, 'ADMIN_NOT_USABLE', message, { metadata });
}
