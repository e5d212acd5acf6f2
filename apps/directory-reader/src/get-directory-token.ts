import { rpcErrorOf } from '@autoprov/grpc';
import type { ExtraScope } from '@autoprov/proto';
import type { ReaderContext } from './context.ts';
import { DirectoryError } from './domain/directory-error.ts';

const TIMEOUT_MS = 15_000;

/** A token for the customer's directory, from the broker; with the three scopes, or with the extra one alone. Throws DirectoryError (no-token), with the broker's code. */
export async function getDirectoryToken(
  { tokenBroker }: Pick<ReaderContext, 'tokenBroker'>,
  customerId: string,
  { forceNew, extraScope }: { forceNew: boolean; extraScope?: ExtraScope | undefined },
): Promise<string> {
  const request = { customer: `customers/${customerId}`, forceNew, extraScope };
  try {
    return (await tokenBroker.getDirectoryAccessToken(request, { timeoutMs: TIMEOUT_MS })).accessToken;
  } catch (err) {
    const { reason, message, metadata } = rpcErrorOf(err);
    const { code, finer_reason: finerReason = reason } = metadata;
    // Without a code it is no refusal: the broker does not answer, or cannot.
    const token =
      code === undefined ? { code: '17002', reason: 'TOKEN_BROKER_UNAVAILABLE' } : { code, reason: finerReason };
    throw new DirectoryError('no-token', `no token for the directory: ${message}`, { token });
  }
}
