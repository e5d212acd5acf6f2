import { isDeepStrictEqual } from 'node:util';
import { callTimeoutMs, ifFound } from '../calls.ts';
import type { Services } from '../network.ts';
import type { CurrentApp, CurrentCustomer } from './plan.ts';
import type { CustomerSpec } from './spec.ts';

const call = { timeoutMs: callTimeoutMs };

/** What the services hold of a customer of the file; only what the file speaks of is read. */
export async function readCurrent({ config, tokens }: Services, spec: CustomerSpec): Promise<CurrentCustomer> {
  const name = `customers/${spec.id}`;
  const customer = (await ifFound(config.getCustomer({ name }, call)))?.customer;
  if (!customer) return { customer, delegation: undefined, apps: new Map() };

  const readDelegation = () => ifFound(tokens.getDelegation({ name: `${name}/delegation` }, call));
  const readApp = async (app: CustomerSpec['apps'][number]): Promise<CurrentApp> => {
    const appName = `${name}/apps/${app.id}`;
    const found = (await ifFound(config.getApp({ name: appName }, call)))?.app;
    if (!found) return { app: undefined, credential: undefined, setup: undefined };
    const setup = await ifFound(config.getSetup({ name: `${appName}/setup` }, call));
    const credential = app.credential && (await ifFound(tokens.getCredential({ name: `${appName}/credential` }, call)));
    return { app: found, credential: credential?.credential, setup: setup?.setup };
  };
  const delegation = spec.delegation && (await readDelegation())?.delegation;
  const apps = await Promise.all(spec.apps.map(async (app) => [app.id, await readApp(app)] as const));
  return { customer, delegation, apps: new Map(apps) };
}

/** The etags that setups have got since they were read without having been changed themselves. */
export async function readEtags({ config }: Services, { apps }: CurrentCustomer): Promise<Map<string, string>> {
  const etags = new Map<string, string>();
  for (const { setup } of apps.values()) {
    if (!setup) continue;
    const now = (await config.getSetup({ name: setup.name }, call)).setup!;
    const { etag, revision, updateTime } = setup;
    // One that somebody has changed keeps the etag that was read: its update is refused as late.
    if (isDeepStrictEqual({ ...now, etag, revision, updateTime }, setup)) etags.set(setup.name, now.etag);
  }
  return etags;
}
