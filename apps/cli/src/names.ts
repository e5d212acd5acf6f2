import { parseAppName, parseCustomerName } from '@autoprov/proto';
import { UsageError } from './io.ts';
import type { Services } from './network.ts';
import { callTimeoutMs, collectPages } from './calls.ts';

/** `acme` or `customers/acme` → `customers/acme`. */
export function toCustomerName(text: string): string {
  const name = text.startsWith('customers/') ? text : `customers/${text}`;
  if (!parseCustomerName(name)) throw new UsageError(`"${text}" names no customer: write its id, for example acme`);
  return name;
}

/** `crm` of a customer, or `customers/acme/apps/crm`, → the latter. */
export function toAppName(text: string, customer: string): string {
  const name = text.startsWith('customers/') ? text : `${customer}/apps/${text}`;
  if (!parseAppName(name)) throw new UsageError(`"${text}" names no app: write its id, for example crm`);
  return name;
}

/** A primary address or an id, or the whole name, of a person of the app's customer → the whole name. */
export function toUserName(text: string, app: string): string {
  return text.startsWith('customers/') ? text : `${app.split('/apps/')[0]}/users/${text}`;
}

/** The customer that was named, or the only one there is. */
export async function chooseCustomer(services: Services, option: string | undefined): Promise<string> {
  if (option !== undefined) return toCustomerName(option);
  const names = await listCustomers(services);
  if (names.length === 1) return names[0]!;
  if (names.length === 0) throw new UsageError('there is no customer yet: make one with "autoprov apply FILE.yaml"');
  const ids = names.map((name) => name.replace('customers/', ''));
  throw new UsageError(
    `say which customer with --customer: ${ids.slice(0, 10).join(', ')}${ids.length > 10 ? ', …' : ''}`,
  );
}

/** The app that was named: by its full name, or by its id in the customer that `chooseCustomer` answers. */
export async function chooseApp(services: Services, app: string, customer: string | undefined): Promise<string> {
  return toAppName(app, app.startsWith('customers/') ? '' : await chooseCustomer(services, customer));
}

/** The names of all customers, by id. */
export async function listCustomers(services: Services): Promise<string[]> {
  const customers = await collectPages(async (pageToken) => {
    const page = await services.config.listCustomers({ pageSize: 1000, pageToken }, { timeoutMs: callTimeoutMs });
    return { items: page.customers, nextPageToken: page.nextPageToken };
  });
  return customers.map(({ name }) => name);
}

/** The names of a customer's apps, by id. */
export async function listApps(services: Services, parent: string): Promise<string[]> {
  const apps = await collectPages(async (pageToken) => {
    const page = await services.config.listApps({ parent, pageSize: 1000, pageToken }, { timeoutMs: callTimeoutMs });
    return { items: page.apps, nextPageToken: page.nextPageToken };
  });
  return apps.map(({ name }) => name);
}
