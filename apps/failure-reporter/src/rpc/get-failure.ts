import type { CallContext } from '@autoprov/grpc';
import type { GetFailureRequest, GetFailureResponse } from '@autoprov/proto';
import type { ReporterContext } from '../context.ts';
import { presentFailure } from '../domain/failure.ts';
import { findFailure } from '../store/failures.ts';
import { failureNotFound, readFailureName } from './failure-name.ts';

/** The name does not tell whose failure it is: asked about once it is found, and of all customers where it is not. */
export async function getFailure(
  ctx: ReporterContext,
  { name }: GetFailureRequest,
  call: CallContext,
): Promise<GetFailureResponse> {
  readFailureName(name);
  const failure = await findFailure(ctx.pool, name);
  call.requireRole('viewer', failure?.customer || 'customers/-');
  if (!failure) throw failureNotFound(name);
  return { failure: presentFailure(failure) };
}
