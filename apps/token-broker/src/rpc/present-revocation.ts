import { Revocation_Kind, type Revocation } from '@autoprov/proto';
import type { StoredRevocation } from '../store/revocations.ts';

/** What may be shown of something that is to be withdrawn. */
export function presentRevocation(revocation: StoredRevocation): Revocation {
  const { id, customerId, appId, kind, clientId, createTime, nextAttemptTime, message } = revocation;
  return {
    name: `customers/${customerId}/revocations/${id}`,
    kind: kind === 'delegation' ? Revocation_Kind.KIND_DELEGATION : Revocation_Kind.KIND_APP_TOKEN,
    app: `customers/${customerId}/apps/${appId}`,
    clientId,
    createTime,
    nextAttemptTime,
    message: message || 'it is being tried',
  };
}
