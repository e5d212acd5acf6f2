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

/** What may be shown of a credential. */
export function presentCredential(credential: StoredCredential): Credential {
  const { customerId, appId, kind, version, expireTime, updateTime } = credential;
  return {
    name: `customers/${customerId}/apps/${appId}/credential`,
    kind: kind === 'bearer' ? Credential_Kind.KIND_BEARER : Credential_Kind.KIND_BASIC,
    version,
    expireTime: expireTime ?? undefined,
    updateTime,
    state: Credential_State.STATE_READY,
    previousKept: false,
    clientId: '',
  };
}
