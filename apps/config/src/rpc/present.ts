import type { App, Customer } from '@autoprov/proto';
import type { AppKey } from '../domain/app-key.ts';
import type { App as StoredApp } from '../store/apps.ts';
import type { Customer as StoredCustomer } from '../store/customers.ts';

export function presentCustomer({ customerId, displayName, createTime }: StoredCustomer): Customer {
  return { name: `customers/${customerId}`, displayName, createTime, etag: '' };
}

export function presentApp(app: StoredApp): App {
  return {
    name: appName(app),
    displayName: app.displayName,
    template: app.template,
    createTime: app.createTime,
    etag: '',
  };
}

export function appName({ customerId, appId }: AppKey): string {
  return `customers/${customerId}/apps/${appId}`;
}
