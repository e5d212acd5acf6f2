import { RpcError, status, type CallContext } from '@autoprov/grpc';
import type { GetFailureRequest, GetFailureResponse } from '@autoprov/proto';
import type { ReporterContext } from '../context.ts';
import { presentFailure } from '../domain/failure.ts';
import { findFailure } from '../store/failures.ts';
import { invalidRequest } from './failure-question.ts';

/** The name does not tell whose failure it is: asked about once it is found, and of all customers where it is not. */
export async function getFailure(
  ctx: ReporterContext,
  { name }: GetFailureRequest,
  call: CallContext,
): Promise<GetFailureResponse> {
  if (!/^failures\/[a-z2-7]{26}$/.test(name)) {
    throw invalidRequest([{ field: 'name', description: 'must be failures/{failure}, as ListFailures answers it' }]);
  }
  const failure = await findFailure(ctx.pool, name);
  call.requireRole('viewer', failure?.customer || 'customers/-');
  if (!failure) {
    const message = `there is no ${name}: it never was, or it ended more than 30 days ago`;
    throw new RpcError(status.NOT_FOUND, 'RESOURCE_NOT_FOUND', message, { metadata: { name } });
  }
  return { failure: presentFailure(failure) };
}
