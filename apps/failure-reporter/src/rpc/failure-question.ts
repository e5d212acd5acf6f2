import { RpcError, status, type FieldViolation } from '@autoprov/grpc';
import { Failure_State, parseAppName, parseCustomerName, parseUserName, type FailureFilter } from '@autoprov/proto';
import type { FailureQuery } from '../store/failures.ts';

/** What ListFailures and ExportFailures ask for, without the page. */
export type FailureQuestion = Omit<FailureQuery, 'after' | 'limit'>;

/**
 * Reads parent and filter.
 *
 * @throws RpcError INVALID_ARGUMENT naming every field at fault
 */
export function readQuestion({
  parent,
  filter,
}: {
  parent: string;
  filter?: FailureFilter | undefined;
}): FailureQuestion {
  const { app = '', user = '', code = '', reason = '', causeId = '', action = 0, states = [] } = filter ?? {};
  const { openStartTime, openEndTime } = filter ?? {};
  const customer = parent === 'customers/-' ? '' : parent;
  const below = (name: string) => customer === '' || name.startsWith(`${customer}/`);
  const violations: FieldViolation[] = [];
  if (customer !== '' && !parseCustomerName(customer)) {
    violations.push({ field: 'parent', description: 'must be customers/{customer}, or customers/- for all' });
  }
  if (app !== '' && !(parseAppName(app) && below(app))) {
    violations.push({ field: 'filter.app', description: 'must be customers/{customer}/apps/{app} of the parent' });
  }
  if (user !== '' && !(parseUserName(user) && below(user))) {
    violations.push({ field: 'filter.user', description: 'must be customers/{customer}/users/{user} of the parent' });
  }
  for (const [field, text] of Object.entries({ user, code, reason, cause_id: causeId })) {
    if (text.includes('\0')) violations.push({ field: `filter.${field}`, description: 'must not hold U+0000' });
  }
  if (openStartTime && openEndTime && openStartTime > openEndTime) {
    violations.push({ field: 'filter.open_start_time', description: 'must not be after open_end_time' });
  }
  if (violations.length > 0) throw invalidRequest(violations);
  const kept = states.length > 0 ? [...new Set(states)] : [Failure_State.STATE_OPEN];
  return { customer, app, user, code, reason, causeId, action, openStartTime, openEndTime, states: kept };
}

/** The answer to a request that alone is wrong. */
export function invalidRequest(fieldViolations: FieldViolation[]): RpcError {
  const message = `correct ${fieldViolations.map(({ field }) => field).join(', ')} and ask again`;
  return new RpcError(status.INVALID_ARGUMENT, 'INVALID_REQUEST', message, { fieldViolations });
}
