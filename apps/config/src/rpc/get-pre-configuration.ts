import { status, type CallContext, type CallOptions } from '@autoprov/grpc';
import { delegationLink, directoryScopes } from '@autoprov/failure-catalogue';
import { ProvisioningSetup, type GetPreConfigurationRequest, type GetPreConfigurationResponse } from '@autoprov/proto';
import { ask } from '../checks/ask.ts';
import type { ConfigContext } from '../context.ts';
import { newSetup } from '../domain/setup.ts';
import { findApp } from '../store/apps.ts';
import { findCustomer } from '../store/customers.ts';
import { findSetup } from '../store/setups.ts';
import { notFoundError, outageError } from './errors.ts';
import { presentApp } from './present.ts';
import { templateOf } from './template-of.ts';
import { readAppKey } from './violations.ts';

export async function getPreConfiguration(
  ctx: ConfigContext,
  { app: name }: GetPreConfigurationRequest,
  call: CallContext,
): Promise<GetPreConfigurationResponse> {
  const key = readAppKey('app', name);
  const [app, stored, customer] = await Promise.all([
    findApp(ctx.pool, key),
    findSetup(ctx.pool, key),
    findCustomer(ctx.pool, key.customerId),
  ]);
  if (!app) throw notFoundError(name, 'install the app first');
  const template = templateOf(ctx, app);
  const defaults = customer?.setupDefaults;
  const { tokenBroker } = ctx;
  const delegationName = `customers/${key.customerId}/delegation`;
  const [delegation, credential] = await Promise.all([
    orNone(call, (options) => tokenBroker.getDelegation({ name: delegationName }, options)),
    orNone(call, (options) => tokenBroker.getCredential({ name: `${name}/credential` }, options)),
  ]);
  const clientId = delegation?.delegation?.clientId ?? '';
  return {
    app: presentApp(app),
    template,
    proposedSetup: newSetup(`${name}/setup`, ProvisioningSetup.fromPartial({}), { template, defaults, now: ctx.now() }),
    clientId,
    scopes: [...directoryScopes],
    delegationLink: clientId && delegationLink(clientId),
    googleCustomerId: delegation?.delegation?.googleCustomerId ?? '',
    credentialStored: credential !== undefined,
    setupExists: stored !== undefined,
  };
}

/** What the broker knows; undefined: nothing is stored. */
async function orNone<T>(call: CallContext, question: (options: CallOptions) => Promise<T>): Promise<T | undefined> {
  const { answer, failure } = await ask(call, question);
  if (failure?.code === status.NOT_FOUND) return undefined;
  if (failure) throw outageError('FETCH_PRECONFIGURATION_FAILED', new Error(failure.message));
  return answer;
}
