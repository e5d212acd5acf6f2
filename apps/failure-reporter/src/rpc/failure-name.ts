import { RpcError, status } from '@autoprov/grpc';
import { invalidRequest } from './failure-question.ts';

/** @throws RpcError INVALID_ARGUMENT when it names no failure */
export function readFailureName(name: string): void {
  if (/^failures\/[a-z2-7]{26}$/.test(name)) return;
  throw invalidRequest([{ field: 'name', description: 'must be failures/{failure}, as ListFailures answers it' }]);
}

/** The answer when there is no failure of that name. */
export function failureNotFound(name: string): RpcError {
  const message = `there is no ${name}: it never was, or it ended more than 30 days ago`;
  return new RpcError(status.NOT_FOUND, 'RESOURCE_NOT_FOUND', message, { metadata: { name } });
}
