import { rpcErrorOf } from '@autoprov/grpc';
import type { ReaderContext } from './context.ts';
import { DirectoryError } from './domain/directory-error.ts';
import { codeOfRefusal } from './domain/token-refusal.ts';

const TIMEOUT_MS = 15_000;

/** A token for the customer's directory, from the broker. Throws DirectoryError (no-token), with the broker's code. */
export async function getDirectoryToken(
  { tokenBroker }: Pick<ReaderContext, 'tokenBroker'>,
  customerId: string,
  { forceNew }: { forceNew: boolean },
): Promise<string> {
  const request = { customer: `customers/${customerId}`, forceNew };
  try {
    return (await tokenBroker.getDirectoryAccessToken(request, { timeoutMs: TIMEOUT_MS })).accessToken;
  } catch (err) {
    const { reason, message } = rpcErrorOf(err);
    throw new DirectoryError('no-token', `no token for the directory: ${message}`, { token: codeOfRefusal(reason) });
  }
}
