import type { FieldViolation } from '@autoprov/grpc';
import { isUniqueViolation } from '@autoprov/postgres';
import type { SetDelegationRequest, SetDelegationResponse } from '@autoprov/proto';
import type { BrokerContext } from '../context.ts';
import { readServiceAccountKey } from '../domain/service-account-key.ts';
import { sealedForDelegation } from '../open-delegation.ts';
import { findDelegation, isServiceAccountTaken, saveDelegation, type NewDelegation } from '../store/delegations.ts';
import { takeSecretVersion } from '../store/secret-versions.ts';
import { refuseViolations, serviceAccountTaken } from './errors.ts';
import { readCustomer } from './names.ts';
import { presentDelegation } from './present.ts';

export async function setDelegation(ctx: BrokerContext, request: SetDelegationRequest): Promise<SetDelegationResponse> {
  const customerId = readCustomer('customer', request.customer);
  const { serviceAccountEmail, clientId, privateKey } = readServiceAccount(request);
  const { adminEmail, validateOnly } = request;
  const version = await takeSecretVersion(ctx.pool);
  const sealed =
    privateKey === undefined ? null : ctx.sealer.seal(privateKey, sealedForDelegation(customerId, version));
  const delegation = { customerId, serviceAccountEmail, clientId, adminEmail, version, sealed };
  const stored = await (validateOnly ? tryDelegation : storeDelegation)(ctx, delegation);
  return { delegation: presentDelegation(stored) };
}

async function storeDelegation({ pool }: BrokerContext, delegation: NewDelegation) {
  try {
    return await saveDelegation(pool, delegation);
  } catch (err) {
    throw isTaken(err) ? serviceAccountTaken() : err;
  }
}

function isTaken(err: unknown): boolean {
  return ['delegations_service_account_email', 'delegations_client_id'].some((index) => isUniqueViolation(err, index));
}

/** What would be stored. */
async function tryDelegation({ pool, now }: BrokerContext, delegation: NewDelegation) {
  if (await isServiceAccountTaken(pool, delegation)) throw serviceAccountTaken();
  const before = await findDelegation(pool, delegation.customerId);
  const { googleCustomerId = null, confirmedVersion = null, checkTime = null } = before ?? {};
  return { googleCustomerId, confirmedVersion, checkTime, updateTime: now(), ...delegation };
}

type ReadAccount = { serviceAccountEmail: string; clientId: string; privateKey?: string };

function readServiceAccount({ serviceAccountKeyJson, keyless, adminEmail }: SetDelegationRequest): ReadAccount {
  const isAddress = /^[^@\s\p{Cc}]+@[^@\s\p{Cc}]+$/u.test(adminEmail);
  const adminAdvice = 'it must be the address of an admin of the Workspace domain';
  const account = keyless ? readKeyless(keyless, serviceAccountKeyJson) : readKey(serviceAccountKeyJson);
  refuseViolations([
    ...('wrong' in account ? account.wrong : []),
    ...(isAddress ? [] : [{ field: 'admin_email', description: adminAdvice }]),
  ]);
  return account as Exclude<typeof account, { wrong: unknown }>;
}

function readKey(json: string): ReadAccount | { wrong: FieldViolation[] } {
  const key = readServiceAccountKey(json);
  return 'wrong' in key ? { wrong: [{ field: 'service_account_key_json', description: key.wrong }] } : key;
}

function readKeyless(
  { serviceAccountEmail, clientId }: NonNullable<SetDelegationRequest['keyless']>,
  keyJson: string,
): ReadAccount | { wrong: FieldViolation[] } {
  const isAccount = /^[a-z0-9.-]{1,100}@[a-z0-9.-]{1,200}\.gserviceaccount\.com$/.test(serviceAccountEmail);
  const wrong = [
    ...(keyJson === '' ? [] : [{ field: 'service_account_key_json', description: 'give it or keyless, not both' }]),
    ...(isAccount
      ? []
      : [
          {
            field: 'keyless.service_account_email',
            description: 'it must be the address of a service account, as in sync@project.iam.gserviceaccount.com',
          },
        ]),
    ...(/^\d{1,30}$/.test(clientId)
      ? []
      : [{ field: 'keyless.client_id', description: 'it must be the numeric client id of the service account' }]),
  ];
  return wrong.length > 0 ? { wrong } : { serviceAccountEmail, clientId };
}
