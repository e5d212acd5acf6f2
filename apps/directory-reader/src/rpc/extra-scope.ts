import { RpcError, status } from '@autoprov/grpc';
import { directoryFailure } from '../ask-directory.ts';
import { DirectoryError } from '../domain/directory-error.ts';

/**
 * Asks Google for something that needs a scope beside the three. Throws FAILED_PRECONDITION (SCOPE_MISSING), naming the
 * scope, when nobody has granted it.
 *
 * @param scope its URL
 * @param instead what works without it, for people
 */
export async function withExtraScope<T>(
  { scope, what, instead }: { scope: string; what: string; instead: string },
  ask: () => Promise<T>,
): Promise<T> {
  try {
    return await ask();
  } catch (err) {
    if (!(err instanceof DirectoryError)) throw err;
    if (err.token?.reason !== 'SCOPE_MISSING') throw directoryFailure(err, what);
    const advice = `grant ${scope} to the client id of the service account in the admin console; ${instead}`;
    throw new RpcError(status.FAILED_PRECONDITION, 'SCOPE_MISSING', `${what}: ${advice}`, {
      metadata: { code: '17006', missing_scopes: scope },
    });
  }
}
