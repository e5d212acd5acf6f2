import { Credential_Kind, Credential_State, type Credential, type Delegation } from '@autoprov/proto';
import type { StoredCredential } from '../store/credentials.ts';
import type { StoredDelegation } from '../store/delegations.ts';

/** What may be shown of a delegation. */
export function presentDelegation(delegation: StoredDelegation): Delegation {
  const { customerId, serviceAccountEmail, clientId, adminEmail, updateTime, googleCustomerId, checkTime } = delegation;
  return {
    name: `customers/${customerId}/delegation`,
    serviceAccountEmail,
    clientId,
    adminEmail,
    updateTime,
    googleCustomerId: googleCustomerId ?? '',
    keyless: delegation.sealed === null,
    checkTime: checkTime ?? undefined,
  };
}

const DAY_MS = 86_400_000;
const EXPIRING_MS = 60 * DAY_MS;

const kinds: Record<StoredCredential['kind'], Credential_Kind> = {
  bearer: Credential_Kind.KIND_BEARER,
  basic: Credential_Kind.KIND_BASIC,
  oauth_code: Credential_Kind.KIND_OAUTH_CODE,
  oauth_client_credentials: Credential_Kind.KIND_OAUTH_CLIENT_CREDENTIALS,
};

/** What may be shown of a credential. */
export function presentCredential(credential: StoredCredential, now: Date): Credential {
  const { customerId, appId, kind, version, expireTime, updateTime, previousKept, clientId } = credential;
  return {
    name: `customers/${customerId}/apps/${appId}/credential`,
    kind: kinds[kind],
    version,
    expireTime: expireTime ?? undefined,
    updateTime,
    state: stateOf(credential, now),
    previousKept,
    clientId,
  };
}

function stateOf({ reauthorizeReason, expireTime }: StoredCredential, now: Date): Credential_State {
  if (reauthorizeReason !== null) return Credential_State.STATE_REAUTHORIZE;
  if (expireTime === null || expireTime.getTime() > now.getTime() + EXPIRING_MS) return Credential_State.STATE_READY;
  return expireTime <= now ? Credential_State.STATE_EXPIRED : Credential_State.STATE_EXPIRING;
}
