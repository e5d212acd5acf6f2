import { type CallContext, RpcError, status } from '@autoprov/grpc';
import type { ListCustomSchemasRequest, ListCustomSchemasResponse } from '@autoprov/proto';
import type { ReaderContext } from '../context.ts';
import { createDirectoryClient } from '../directory-client.ts';
import { DirectoryError, problemOf } from '../domain/directory-error.ts';
import { parseSchemas } from '../domain/schemas.ts';
import { getDirectoryToken } from '../get-directory-token.ts';
import { countRequest } from '../store/request-counts.ts';
import { requireCustomerId } from './names.ts';

/** Kept back of the caller's deadline, so that the caller still hears why. */
const ANSWER_MARGIN_MS = 1_000;

/** Asks Google for the custom schemas: whoever writes a mapping has just made one there. */
export async function listCustomSchemas(
  context: ReaderContext,
  { parent }: ListCustomSchemasRequest,
  { signal, deadline }: Pick<CallContext, 'signal' | 'deadline'>,
): Promise<ListCustomSchemasResponse> {
  const customerId = requireCustomerId('parent', parent);
  const directory = createDirectoryClient({
    rootUrl: context.googleRootUrl,
    retryBudgetMs: Math.max(0, deadline.getTime() - Date.now() - ANSWER_MARGIN_MS),
    budget: context.budgetOf(customerId),
    getToken: ({ forceNew }) => getDirectoryToken(context, customerId, { forceNew }),
    countRequest: (kind) => countRequest(context.pool, customerId, kind),
    now: () => new Date(),
    signal,
    logger: context.logger,
  });
  try {
    return { schemas: parseSchemas((await directory.listSchemas()).body) };
  } catch (err) {
    throw err instanceof DirectoryError ? toRpcError(err) : err;
  }
}

function toRpcError(err: DirectoryError): RpcError {
  const { code, reason, detail } = problemOf(err, 'users');
  const passing = err.kind === 'unavailable' || err.kind === 'unusable' || code === '17002';
  const words = `the custom schemas could not be read: ${detail}; ${passing ? 'try again later' : `see ${code} (${reason})`}`;
  return new RpcError(
    passing ? status.UNAVAILABLE : status.FAILED_PRECONDITION,
    'FETCH_CUSTOM_ATTRIBUTES_FAILED',
    words,
    { metadata: { code, reason } },
  );
}
