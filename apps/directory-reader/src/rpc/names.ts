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

/** The ids, or addresses, of users of one customer in the field `names`. Throws INVALID_ARGUMENT. */
export function requireUserKeys(parent: string, names: readonly string[], max: number): string[] {
  if (names.length > max) throw invalid('names', `it holds more than ${max} names: ask in several calls`);
  return names.map((name, i) => {
    const user = requireUserName(`names[${i}]`, name);
    if (`customers/${user.customerId}` !== parent) throw invalid(`names[${i}]`, `it is no user of ${parent}`);
    return user.userId;
  });
}

/** INVALID_ARGUMENT for one field of a request. */
export function invalid(field: string, description: string): RpcError {
  return new RpcError(status.INVALID_ARGUMENT, 'INVALID_REQUEST', `${field} is wrong: ${description}`, {
    fieldViolations: [{ field, description }],
  });
}
