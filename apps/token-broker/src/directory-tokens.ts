import { GaxiosError } from 'gaxios';
import { JWT } from 'google-auth-library';
import type { TokenRefusal } from './domain/google-token-error.ts';

/** Exactly what is needed to read users, custom schemas and members; nothing that writes. */
export const directoryScopes = [
  'https://www.googleapis.com/auth/admin.directory.user.readonly',
  'https://www.googleapis.com/auth/admin.directory.userschema.readonly',
  'https://www.googleapis.com/auth/admin.directory.group.member.readonly',
] as const;

/** A service account acting for an admin. */
export type ServiceAccount = { email: string; privateKey: string; adminEmail: string };

export type DirectoryToken = { accessToken: string; expireTime: Date };

/** Thrown when Google gives no token, with what it said. */
export class TokenRefusedError extends Error {
  override name = 'TokenRefusedError';
  readonly refusal: TokenRefusal;

  constructor(refusal: TokenRefusal, options?: ErrorOptions) {
    super(refusal.description ?? refusal.error ?? statusText(refusal), options);
    this.refusal = refusal;
  }
}

/** Asks Google for tokens. */
export type DirectoryTokens = {
  /** Throws TokenRefusedError. */
  request(account: ServiceAccount, scopes: readonly string[]): Promise<DirectoryToken>;
};

const googleTokenUrl = 'https://oauth2.googleapis.com/token';
/** Of one try. The library itself tries again: three times after 429 and 5xx, twice when no answer came. */
const timeoutMs = 5_000;

/**
 * Tokens by domain-wide delegation (RFC 7523), through Google's own library.
 *
 * @param tokenUrl where the token endpoint is, if it is not Google's
 */
export function createDirectoryTokens(tokenUrl: string | undefined): DirectoryTokens {
  return {
    async request({ email, privateKey, adminEmail }, scopes) {
      const jwt = new JWT({ email, key: privateKey, scopes: [...scopes], subject: adminEmail });
      jwt.transporter.defaults = { ...jwt.transporter.defaults, timeout: timeoutMs };
      // The library takes the URL from nowhere else: neither the key file's token_uri nor an option counts.
      jwt.transporter.interceptors.request.add({
        resolved: async (config) => {
          if (tokenUrl !== undefined && String(config.url) === googleTokenUrl) config.url = new URL(tokenUrl);
          return config;
        },
      });
      try {
        const { access_token: accessToken, expiry_date: expiryMs } = await jwt.authorize();
        if (!accessToken || !expiryMs) throw new TokenRefusedError({ status: 200 });
        return { accessToken, expireTime: new Date(expiryMs) };
      } catch (cause) {
        const refusal = refusalOf(cause);
        throw refusal ? new TokenRefusedError(refusal, { cause }) : cause;
      }
    },
  };
}

function statusText({ status }: TokenRefusal): string {
  return status === undefined
    ? 'the token endpoint does not answer'
    : `the token endpoint answers ${status} without a token`;
}

/** Undefined for what says nothing of Google: a bug, or a refusal already. */
function refusalOf(err: unknown): TokenRefusal | undefined {
  // A key that cannot sign fails before anything is sent.
  if (!(err instanceof GaxiosError)) return isKeyError(err) ? { status: 400, error: 'invalid_client' } : undefined;
  const status = err.response?.status;
  const data = err.response?.data as { error?: string; error_description?: string } | undefined;
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
