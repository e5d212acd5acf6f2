import { parseAppName, parseCustomerName } from '@autoprov/proto';
import { invalidField } from './errors.ts';

/** Reads `customers/{customer}`; throws INVALID_ARGUMENT. */
export function readCustomer(field: string, name: string): string {
  const customer = parseCustomerName(name);
  if (!customer) throw invalidField(field, `"${name}" names no customer: write customers/{customer}`);
  return customer.customerId;
}

/** Reads `customers/{customer}/delegation`; throws INVALID_ARGUMENT. */
export function readDelegationName(field: string, name: string): string {
  const customer = name.endsWith('/delegation') ? parseCustomerName(name.slice(0, -'/delegation'.length)) : undefined;
  if (!customer) throw invalidField(field, `"${name}" names no delegation: write customers/{customer}/delegation`);
  return customer.customerId;
}

/** Reads `customers/{customer}/apps/{app}`; throws INVALID_ARGUMENT. */
export function readApp(field: string, name: string): { customerId: string; appId: string } {
  const app = parseAppName(name);
  if (!app) throw invalidField(field, `"${name}" names no app: write customers/{customer}/apps/{app}`);
  return app;
}

/** Reads `customers/{customer}/apps/{app}/credential`; throws INVALID_ARGUMENT. */
export function readCredentialName(field: string, name: string): { customerId: string; appId: string } {
  const app = name.endsWith('/credential') ? parseAppName(name.slice(0, -'/credential'.length)) : undefined;
  if (!app)
    throw invalidField(field, `"${name}" names no credential: write customers/{customer}/apps/{app}/credential`);
  return app;
}
