import type { App, Customer } from '@autoprov/proto';
import type { AppKey } from '../domain/app-key.ts';
import type { App as StoredApp } from '../store/apps.ts';
import type { Customer as StoredCustomer } from '../store/customers.ts';

export function presentCustomer({ customerId, ...customer }: StoredCustomer): Customer {
  return { name: `customers/${customerId}`, ...customer };
}

export function presentApp({ customerId, appId, ...app }: StoredApp): App {
  return { name: appName({ customerId, appId }), ...app };
}

export function appName({ customerId, appId }: AppKey): string {
  return `customers/${customerId}/apps/${appId}`;
}
