import {
  App,
  Credential_Kind,
  Customer,
  ProvisioningSetup,
  ProvisioningSetup_State,
  SetupDefaults,
  toCanonicalJson,
  type Credential,
  type Delegation,
} from '@autoprov/proto';
import { isDeepStrictEqual } from 'node:util';
import type { AppSpec, CredentialSpec, CustomerSpec, DelegationSpec, SetupSpec } from './spec.ts';

/** What the services hold of one customer of the file; undefined: nothing yet. */
export type CurrentCustomer = {
  customer: Customer | undefined;
  delegation: Delegation | undefined;
  apps: Map<string, CurrentApp>;
};
export type CurrentApp = {
  app: App | undefined;
  credential: Credential | undefined;
  setup: ProvisioningSetup | undefined;
};

/** Which service account a delegation is for. */
export type KeyOwner = { email: string; clientId: string };

/** One thing to do for one resource, in order; `change` is the word for it once it is done. */
export type Step = { name: string } & (
  | { change: 'unchanged'; note?: string }
  | { change: 'created'; call: 'createCustomer'; customerId: string; customer: Customer }
  | { change: 'created'; call: 'createApp'; parent: string; appId: string; app: App }
  | { change: 'updated'; call: 'updateCustomer'; customer: Customer; fields: string[] }
  | { change: 'updated'; call: 'updateApp'; app: App; fields: string[] }
  | { change: 'stored'; call: 'setDelegation'; customer: string; spec: DelegationSpec }
  | { change: 'stored'; call: 'setCredential'; app: string; spec: CredentialSpec }
  | { change: 'created'; call: 'createSetup'; parent: string; setup: ProvisioningSetup }
  | { change: 'updated'; call: 'updateSetup'; setup: ProvisioningSetup; fields: string[] }
  | { change: 'activated'; call: 'activateSetup' }
  | { change: 'deactivated'; call: 'deactivateSetup' }
);

/** What a file asks for that no call can do. */
export class PlanError extends Error {
  override readonly name = 'PlanError';
}

/**
 * What has to be done so that the services hold what the file says. Nothing to do for a resource is a step, too.
 *
 * @param owner the service account of the file; undefined: the file names none
 * @param replaceSecrets stored secrets, which no call shows, are stored again
 * @throws PlanError
 */
export function planCustomer(
  spec: CustomerSpec,
  current: CurrentCustomer,
  { owner, replaceSecrets }: { owner: KeyOwner | undefined; replaceSecrets: boolean },
): Step[] {
  const name = `customers/${spec.id}`;
  return [
    current.customer ? updateCustomer(name, spec, current.customer) : createCustomer(name, spec),
    ...(spec.delegation ? [planDelegation(name, spec.delegation, current.delegation, { owner, replaceSecrets })] : []),
    ...spec.apps.flatMap((app) => planApp(name, app, current.apps.get(app.id), replaceSecrets)),
  ];
}

function updateCustomer(name: string, { displayName, setupDefaults }: CustomerSpec, current: Customer): Step {
  const fields = [
    ...(displayName === current.displayName ? [] : ['displayName']),
    ...(setupDefaults && !sameDefaults(setupDefaults, current.setupDefaults) ? ['setupDefaults'] : []),
  ];
  if (fields.length === 0) return { name, change: 'unchanged' };
  const customer = Customer.fromPartial({ name, displayName, setupDefaults, etag: current.etag });
  return { name, change: 'updated', call: 'updateCustomer', customer, fields };
}

function sameDefaults(a: SetupDefaults, b: SetupDefaults | undefined): boolean {
  const toJson = (defaults: SetupDefaults) =>
    toCanonicalJson('autoprov.config.v1.SetupDefaults', SetupDefaults, defaults);
  return isDeepStrictEqual(toJson(a), toJson(b ?? SetupDefaults.fromPartial({})));
}

function createCustomer(name: string, { id, displayName, setupDefaults }: CustomerSpec): Step {
  return {
    name,
    change: 'created',
    call: 'createCustomer',
    customerId: id,
    customer: Customer.fromPartial({ displayName, setupDefaults }),
  };
}

function planDelegation(
  customer: string,
  spec: DelegationSpec,
  current: Delegation | undefined,
  { owner, replaceSecrets }: { owner: KeyOwner | undefined; replaceSecrets: boolean },
): Step {
  const name = `${customer}/delegation`;
  const same =
    current?.adminEmail === spec.adminEmail &&
    current.serviceAccountEmail === owner?.email &&
    current.clientId === owner.clientId &&
    current.keyless === (spec.keyless !== undefined);
  if (same && !replaceSecrets) return { name, change: 'unchanged', note: 'the stored key is kept' };
  return { name, change: 'stored', call: 'setDelegation', customer, spec };
}

function planApp(parent: string, spec: AppSpec, current: CurrentApp | undefined, replaceSecrets: boolean): Step[] {
  const name = `${parent}/apps/${spec.id}`;
  const { displayName, template } = spec;
  return [
    current?.app
      ? updateApp(name, spec, current.app)
      : {
          name,
          change: 'created',
          call: 'createApp',
          parent,
          appId: spec.id,
          app: App.fromPartial({ displayName, template }),
        },
    ...(spec.credential ? [planCredential(name, spec.credential, current?.credential, replaceSecrets)] : []),
    ...(spec.setup ? planSetup(name, spec.setup, current?.setup) : []),
  ];
}

function planCredential(
  app: string,
  spec: CredentialSpec,
  current: Credential | undefined,
  replaceSecrets: boolean,
): Step {
  const name = `${app}/credential`;
  const kind = kindOf(spec);
  if (current?.kind === kind && !replaceSecrets)
    return { name, change: 'unchanged', note: 'the stored secret is kept' };
  return { name, change: 'stored', call: 'setCredential', app, spec };
}

function kindOf({ basic, clientCredentials }: CredentialSpec): Credential_Kind {
  if (clientCredentials) return Credential_Kind.KIND_OAUTH_CLIENT_CREDENTIALS;
  return basic ? Credential_Kind.KIND_BASIC : Credential_Kind.KIND_BEARER;
}

function planSetup(parent: string, spec: SetupSpec, current: ProvisioningSetup | undefined): Step[] {
  const name = `${parent}/setup`;
  const fields = current ? changedFields(spec, current) : [];
  const written: Step[] = !current
    ? [{ name, change: 'created', call: 'createSetup', parent, setup: spec.wanted }]
    : fields.length > 0
      ? [{ name, change: 'updated', call: 'updateSetup', setup: { ...spec.wanted, name, etag: current.etag }, fields }]
      : [];
  const active = current?.state === ProvisioningSetup_State.STATE_ACTIVE;
  const switched: Step[] =
    spec.state === 'ACTIVE' && !active
      ? [{ name, change: 'activated', call: 'activateSetup' }]
      : spec.state === 'INACTIVE' && active
        ? [{ name, change: 'deactivated', call: 'deactivateSetup' }]
        : [];
  const steps = [...written, ...switched];
  return steps.length > 0 ? steps : [{ name, change: 'unchanged' }];
}

/** The fields of the file that differ from what is stored; fields that the file does not name stay as they are. */
function changedFields({ wanted, fields }: SetupSpec, current: ProvisioningSetup): string[] {
  const toJson = (setup: ProvisioningSetup) =>
    toCanonicalJson('autoprov.config.v1.ProvisioningSetup', ProvisioningSetup, setup);
  const [wantedJson, currentJson] = [toJson(wanted), toJson(current)];
  return fields.filter((field) => !isDeepStrictEqual(wantedJson[field], currentJson[field]));
}

function updateApp(name: string, { displayName, template }: AppSpec, current: App): Step {
  if (template !== current.template) {
    const message = `${name}: template is "${current.template}" and not "${template}", and cannot be changed`;
    throw new PlanError(`${message}: correct the file, or install another app`);
  }
  if (displayName === current.displayName) return { name, change: 'unchanged' };
  const app = App.fromPartial({ name, displayName, etag: current.etag });
  return { name, change: 'updated', call: 'updateApp', app, fields: ['displayName'] };
}
