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
 *
 * @param finish what is to be done once it is committed, and the answer then; it is not done again for a repeat
 */
export async function writeOnce<Request extends { requestId: string; validateOnly: boolean }, Response>(
  ctx: ConfigContext,
  { caller }: CallContext,
  method: Method<Request, Response>,
  request: Request,
  write: (tx: Db) => Promise<Response>,
  finish?: () => Promise<Response>,
): Promise<Response> {
  const repeatable = { caller, requestId: request.requestId };
  const requestDigest = createHash('sha256').update(method.path).update(method.requestSerialize(request)).digest();
  const keep = (db: Db, response: Response) =>
    saveAnswer(db, repeatable, { requestDigest, response: method.responseSerialize(response) }, ctx.now());
  const isKept = request.requestId !== '' && !request.validateOnly;

  const { response, isRepeat } = await inTransaction(ctx.pool, async (tx) => {
    if (!isKept) return { response: await write(tx), isRepeat: false };
    const first = await findAnswer(tx, repeatable, ctx.now());
    if (first) {
      if (!first.requestDigest.equals(requestDigest)) throw otherRequestError();
      return { response: method.responseDeserialize(first.response), isRepeat: true };
    }
    const written = await write(tx);
    await keep(tx, written);
    return { response: written, isRepeat: false };
  });
  if (!finish || isRepeat || request.validateOnly) return response;
  const finished = await finish();
  // The write is done, whatever becomes of this: a repeat is then told what was true at its commit.
  if (isKept) await keep(ctx.pool, finished).catch((err: unknown) => ctx.logger.warn({ err }, 'answer not kept'));
  return finished;
}

function otherRequestError(): RpcError {
  const description = 'was used for another request in the last 24 hours: make a new one';
  return new RpcError(status.INVALID_ARGUMENT, 'INVALID_REQUEST', `request_id ${description}`, {
    fieldViolations: [{ field: 'request_id', description }],
  });
}
