import type { SetDelegationRequest, SetDelegationResponse } from '@autoprov/proto';
import type { BrokerContext } from '../context.ts';
import { readServiceAccountKey } from '../domain/service-account-key.ts';
import { sealedForDelegation } from '../open-delegation.ts';
import { saveDelegation } from '../store/delegations.ts';
import { takeSecretVersion } from '../store/secret-versions.ts';
import { refuseViolations } from './errors.ts';
import { readCustomer } from './names.ts';
import { presentDelegation } from './present.ts';

export async function setDelegation(
  ctx: BrokerContext,
  { customer, serviceAccountKeyJson, adminEmail, validateOnly }: SetDelegationRequest,
): Promise<SetDelegationResponse> {
  const customerId = readCustomer('customer', customer);
  const { serviceAccountEmail, clientId, privateKey } = readSecret(serviceAccountKeyJson, adminEmail);
  const version = await takeSecretVersion(ctx.pool);
  const sealed = ctx.sealer.seal(privateKey, sealedForDelegation(customerId, version));
  const shown = { customerId, serviceAccountEmail, clientId, adminEmail, updateTime: ctx.now() };
  const delegation = { ...shown, version, sealed };
  if (!validateOnly) await saveDelegation(ctx.pool, delegation);
  return { delegation: presentDelegation(delegation) };
}

function readSecret(serviceAccountKeyJson: string, adminEmail: string) {
  const key = readServiceAccountKey(serviceAccountKeyJson);
  const isAddress = /^[^@\s\p{Cc}]+@[^@\s\p{Cc}]+$/u.test(adminEmail);
  const adminAdvice = 'it must be the address of an admin of the Workspace domain';
  refuseViolations([
    ...('wrong' in key ? [{ field: 'service_account_key_json', description: key.wrong }] : []),
    ...(isAddress ? [] : [{ field: 'admin_email', description: adminAdvice }]),
  ]);
  return key as Exclude<typeof key, { wrong: string }>;
}
