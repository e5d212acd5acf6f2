import { GaxiosError } from 'gaxios';
import type { TokenRefusal } from './domain/google-token-error.ts';

/** Thrown when Google gives no token, or does not sign for one, with what it said. */
export class TokenRefusedError extends Error {
  override name = 'TokenRefusedError';
  readonly refusal: TokenRefusal;

  constructor(refusal: TokenRefusal, options?: ErrorOptions) {
    super(refusal.description ?? refusal.error ?? statusText(refusal), options);
    this.refusal = refusal;
  }
}

function statusText({ status, fromSigner }: TokenRefusal): string {
  const who = fromSigner ? 'the signer' : 'the token endpoint';
  return status === undefined ? `${who} does not answer` : `${who} answers ${status} without a token`;
}

/** What a failed request to Google says; undefined for what says nothing of Google: a bug, or a refusal already. */
export function refusalOf(err: unknown): TokenRefusal | undefined {
  // A key that cannot sign fails before anything is sent.
  if (!(err instanceof GaxiosError)) return isKeyError(err) ? { status: 400, error: 'invalid_client' } : undefined;
  const status = err.response?.status;
  const data = err.response?.data as { error?: unknown; error_description?: unknown } | undefined;
  return {
    ...(status !== undefined && { status }),
    ...(typeof data?.error === 'string' && { error: data.error }),
    ...(typeof data?.error_description === 'string' && { description: data.error_description }),
  };
}

function isKeyError(err: unknown): boolean {
  const code = (err as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && /^ERR_(OSSL|CRYPTO)|^ERR_INVALID_ARG/.test(code);
}
