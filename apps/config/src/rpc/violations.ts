import { RpcError, status, type FieldViolation } from '@autoprov/grpc';
import { parseAppName, parseCustomerName, parseUserName } from '@autoprov/proto';
import type { AppKey } from '../domain/app-key.ts';
import { publishedWords } from './errors.ts';

const ENDPOINT_FIELD = 'setup.endpoint_url';
const id = '2 to 40 lower-case letters, digits and dashes';

/**
 * Throws INVALID_ARGUMENT with every violation, if there is one.
 *
 * @param fieldOf how the request names a field of the setup
 */
export function refuseViolations(
  found: readonly FieldViolation[],
  fieldOf = (field: string) => field,
  metadata: Record<string, string> = {},
): void {
  if (found.length === 0) return;
  const violations = found.map(({ field, description }) => ({ field: fieldOf(field), description }));
  const fields = [...new Set(violations.map(({ field }) => field))];
  const message = `the request is wrong in ${fields.slice(0, 5).join(', ')}: correct what the field violations say and send it again`;
  const details = { fieldViolations: violations, metadata };
  if (!fields.includes(ENDPOINT_FIELD))
    throw new RpcError(status.INVALID_ARGUMENT, 'INVALID_REQUEST', message, details);
  throw new RpcError(status.INVALID_ARGUMENT, 'ENDPOINT_INVALID', message, {
    ...details,
    localizedMessage: publishedWords('ENDPOINT_INVALID'),
  });
}

export function checkId(field: string, value: string): FieldViolation[] {
  return parseCustomerName(`customers/${value}`) ? [] : [{ field, description: `"${value}" is no id: use ${id}` }];
}

export function checkDisplayName(field: string, value: string): FieldViolation[] {
  if (/^\P{Cc}{1,200}$/u.test(value)) return [];
  return [{ field, description: 'must be 1 to 200 characters without control characters' }];
}

export function checkRequestId(requestId: string): FieldViolation[] {
  if (requestId === '' || /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(requestId)) return [];
  return [
    { field: 'request_id', description: 'is no UUID: make one for each new request, and repeat it with the request' },
  ];
}

export function checkEtag(field: string, etag: string): FieldViolation[] {
  return etag === '' ? [{ field, description: 'is empty: send the etag of the setup that was read' }] : [];
}

export function checkPageSize(pageSize: number): FieldViolation[] {
  return pageSize < 0 ? [{ field: 'page_size', description: 'is negative: send 0 for the default' }] : [];
}

/** Reads a field that names a customer. */
export function readCustomerId(field: string, name: string): string {
  const parsed = parseCustomerName(name);
  if (!parsed) refuseViolations([{ field, description: `"${name}" names no customer: write customers/{customer}` }]);
  return parsed!.customerId;
}

/** Reads a field that names an app. */
export function readAppKey(field: string, name: string): AppKey {
  const violations = checkAppName(field, name);
  refuseViolations(violations);
  return parseAppName(name)!;
}

/** A user of the same customer as the app. */
export function checkUserOf({ customerId }: AppKey, field: string, name: string): FieldViolation[] {
  if (parseUserName(name)?.customerId === customerId) return [];
  return [{ field, description: `names no user of the customer: write customers/${customerId}/users/{id or address}` }];
}

/** Reads a field that names a setup. */
export function readSetupKey(field: string, name: string): AppKey {
  refuseViolations(checkSetupName(field, name));
  return parseSetupName(name)!;
}

export function checkAppName(field: string, name: string): FieldViolation[] {
  if (parseAppName(name)) return [];
  return [{ field, description: `"${name}" names no app: write customers/{customer}/apps/{app}` }];
}

export function checkSetupName(field: string, name: string): FieldViolation[] {
  if (parseSetupName(name)) return [];
  return [{ field, description: `"${name}" names no setup: write customers/{customer}/apps/{app}/setup` }];
}

/** Reads `customers/{customer}/apps/{app}/setup`; undefined: it is no such name. */
export function parseSetupName(name: string): AppKey | undefined {
  return name.endsWith('/setup') ? parseAppName(name.slice(0, -'/setup'.length)) : undefined;
}

/** What the writes of an existing setup have in common. */
export function checkSetupWrite(request: { name: string; etag: string; requestId: string }): FieldViolation[] {
  return [
    ...checkSetupName('name', request.name),
    ...checkEtag('etag', request.etag),
    ...checkRequestId(request.requestId),
  ];
}

/**
 * Names fields of a setup for a request that has them without the setup around: `setup.scope.groups[0]` is
 * `scope.groups[0]`, and the setup as a whole is its main part.
 */
export function partField(main: string): (field: string) => string {
  return (field) => (field === 'setup' ? main : field.replace(/^setup\./, ''));
}
