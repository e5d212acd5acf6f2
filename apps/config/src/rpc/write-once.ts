import { createHash } from 'node:crypto';
import { RpcError, status, type CallContext } from '@autoprov/grpc';
import { inTransaction, type Db } from '@autoprov/postgres';
import type { ConfigContext } from '../context.ts';
import { findAnswer, saveAnswer } from '../store/answers.ts';

/** A method of the generated service definition. */
export type Method<Request, Response> = {
  path: string;
  requestSerialize: (request: Request) => Buffer;
  responseSerialize: (response: Response) => Buffer;
  responseDeserialize: (bytes: Buffer) => Response;
};

/**
 * Runs a write in one transaction, with its answer: a repeat of the request_id within 24 hours writes nothing and gets
 * the first answer. The write itself leaves out what it stores when the request is `validate_only`.
 */
export function writeOnce<Request extends { requestId: string; validateOnly: boolean }, Response>(
  ctx: ConfigContext,
  { caller }: CallContext,
  method: Method<Request, Response>,
  request: Request,
  write: (tx: Db) => Promise<Response>,
): Promise<Response> {
  return inTransaction(ctx.pool, async (tx) => {
    if (request.requestId === '' || request.validateOnly) return write(tx);
    const repeatable = { caller, requestId: request.requestId };
    const requestDigest = createHash('sha256').update(method.path).update(method.requestSerialize(request)).digest();
    const first = await findAnswer(tx, repeatable, ctx.now());
    if (first) {
      if (!first.requestDigest.equals(requestDigest)) throw otherRequestError();
      return method.responseDeserialize(first.response);
    }
    const response = await write(tx);
    await saveAnswer(tx, repeatable, { requestDigest, response: method.responseSerialize(response) }, ctx.now());
    return response;
  });
}

function otherRequestError(): RpcError {
  const description = 'was used for another request in the last 24 hours: make a new one';
  return new RpcError(status.INVALID_ARGUMENT, 'INVALID_REQUEST', `request_id ${description}`, {
    fieldViolations: [{ field: 'request_id', description }],
  });
}
