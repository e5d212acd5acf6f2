import type { CallContext } from '@autoprov/grpc';
import type { DeleteWarning } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import type { AppKey } from '../domain/app-key.ts';
import { revokeAccessOf } from '../revoke-access.ts';
import { publishedWords } from './errors.ts';

/** What is answered to a deletion whose access is not revoked, or not known to be. */
export function notRevoked(): DeleteWarning {
  return { reason: 'DELETED_BUT_NOT_REVOKED', message: publishedWords('DELETED_BUT_NOT_REVOKED')! };
}

/** Has the access of what was just deleted revoked. Answers what is left of it as warnings; the loop goes on with that. */
export async function revokeDeleted(ctx: ConfigContext, key: AppKey, call: CallContext): Promise<DeleteWarning[]> {
  const outcome = await revokeAccessOf(ctx, key, call);
  if (outcome === 'unknown') ctx.wakeRevocations();
  return outcome === 'unknown' || outcome.open.length > 0 ? [notRevoked()] : [];
}
