import { RpcError, status } from '@autoprov/grpc';
import { parseCustomerName, parseUserName } from '@autoprov/proto';

/** The id in `customers/{customer}`. Throws INVALID_ARGUMENT, naming the field, when it is no such name. */
export function requireCustomerId(field: string, name: string): string {
  const parsed = parseCustomerName(name);
  if (parsed) return parsed.customerId;
  throw invalid(field, `"${name}" names no customer: write customers/{customer}`);
}

/** The parts of `customers/{customer}/users/{user}`. Throws INVALID_ARGUMENT when it is no such name. */
export function requireUserName(field: string, name: string): { customerId: string; userId: string } {
  const parsed = parseUserName(name);
  if (parsed) return parsed;
  throw invalid(field, 'it names no user: write customers/{customer}/users/{id or primary address}');
}

/** INVALID_ARGUMENT for one field of a request. */
export function invalid(field: string, description: string): RpcError {
  return new RpcError(status.INVALID_ARGUMENT, 'INVALID_REQUEST', `${field} is wrong: ${description}`, {
    fieldViolations: [{ field, description }],
  });
}
