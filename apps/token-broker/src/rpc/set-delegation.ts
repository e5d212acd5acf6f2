import { createPrivateKey } from 'node:crypto';
import { inTransaction } from '@autoprov/postgres';
import type { SetDelegationRequest, SetDelegationResponse } from '@autoprov/proto';
import type { BrokerContext } from '../context.ts';
import { sealedForDelegation } from '../open-delegation.ts';
import { nextDelegationVersion, saveDelegation } from '../store/delegations.ts';
import { invalidField } from './errors.ts';
import { readCustomer } from './names.ts';
import { presentDelegation } from './present.ts';

export async function setDelegation(ctx: BrokerContext, request: SetDelegationRequest): Promise<SetDelegationResponse> {
  const customerId = readCustomer('customer', request.customer);
  const key = readServiceAccountKey(request.serviceAccountKeyJson);
  const { adminEmail } = request;
  if (!/^[^@\s]+@[^@\s]+$/.test(adminEmail)) {
    throw invalidField('admin_email', 'it must be the address of an admin of the Workspace domain');
  }
  return inTransaction(ctx.pool, async (tx) => {
    const version = await nextDelegationVersion(tx, customerId);
    const delegation = {
      customerId,
      serviceAccountEmail: key.client_email,
      clientId: key.client_id,
      adminEmail,
      version,
      sealed: ctx.sealer.seal(key.private_key, sealedForDelegation(customerId, version)),
      updateTime: ctx.now(),
    };
    if (!request.validateOnly) await saveDelegation(tx, delegation);
    return { delegation: presentDelegation(delegation) };
  });
}

type ServiceAccountKey = { client_email: string; client_id: string; private_key: string };

/** Google's key file; what it says is checked, never repeated in an error. */
function readServiceAccountKey(json: string): ServiceAccountKey {
  const field = 'service_account_key_json';
  let key: Partial<ServiceAccountKey & { type: string }>;
  try {
    key = JSON.parse(json) as typeof key;
  } catch {
    throw invalidField(field, 'it is no JSON: give the key file as Google made it');
  }
  const { type, client_email, client_id, private_key } = key ?? {};
  if (type !== 'service_account' || !client_email || !client_id || !private_key) {
    throw invalidField(
      field,
      'it is no key of a service account: make one in Google Cloud under IAM, Service accounts, Keys',
    );
  }
  try {
    createPrivateKey(private_key);
  } catch {
    throw invalidField(field, 'its private_key cannot be read: download the key file again');
  }
  return { client_email, client_id, private_key };
}
