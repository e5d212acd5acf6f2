import { Gaxios } from 'gaxios';
import { JWT } from 'google-auth-library';
import { refusalOf, TokenRefusedError } from './google-refusal.ts';
import type { JwtSigner } from './sign-jwt.ts';

/** Exactly what is needed to read users, custom schemas and members; nothing that writes. */
export const directoryScopes = [
  'https://www.googleapis.com/auth/admin.directory.user.readonly',
  'https://www.googleapis.com/auth/admin.directory.userschema.readonly',
  'https://www.googleapis.com/auth/admin.directory.group.member.readonly',
] as const;

/** What an admin may grant beside them, each in a token of its own. */
export const extraScopes = {
  groups: 'https://www.googleapis.com/auth/admin.directory.group.readonly',
  orgUnits: 'https://www.googleapis.com/auth/admin.directory.orgunit.readonly',
} as const;

/** A service account acting for an admin. Without a key, IAM signs for it. */
export type ServiceAccount = { email: string; privateKey: string | undefined; adminEmail: string };

export type DirectoryToken = { accessToken: string; expireTime: Date };

/** Asks Google for tokens. */
export type DirectoryTokens = {
  /** Throws TokenRefusedError. */
  request(account: ServiceAccount, scopes: readonly string[]): Promise<DirectoryToken>;
};

/** Also the audience of assertions, wherever the endpoint is. */
const googleTokenUrl = 'https://oauth2.googleapis.com/token';
/** Of one try. The library itself tries again: three times after 429 and 5xx, twice when no answer came. */
const timeoutMs = 5_000;
const assertionSeconds = 3_600;

type TokenAnswer = { access_token?: string | null | undefined; expiry_date?: number | null | undefined };

/**
 * Tokens by domain-wide delegation (RFC 7523), through Google's own library.
 *
 * @param tokenUrl where the token endpoint is, if it is not Google's
 * @param signer signs for service accounts whose key is not here
 */
export function createDirectoryTokens(tokenUrl: string | undefined, signer: JwtSigner): DirectoryTokens {
  return {
    async request({ email, privateKey, adminEmail }, scopes) {
      try {
        const answer =
          privateKey === undefined
            ? await exchange(await signer.sign(email, claimsOf(email, adminEmail, scopes)), tokenUrl)
            : await authorize({ email, key: privateKey, scopes: [...scopes], subject: adminEmail }, tokenUrl);
        const { access_token: accessToken, expiry_date: expiryMs } = answer;
        if (!accessToken || !expiryMs) throw new TokenRefusedError({ status: 200 });
        return { accessToken, expireTime: new Date(expiryMs) };
      } catch (cause) {
        const refusal = refusalOf(cause);
        throw refusal ? new TokenRefusedError(refusal, { cause }) : cause;
      }
    },
  };
}

/** The library signs and exchanges. */
async function authorize(options: ConstructorParameters<typeof JWT>[0], tokenUrl: string | undefined) {
  const jwt = new JWT(options);
  jwt.transporter.defaults = { ...jwt.transporter.defaults, timeout: timeoutMs };
  // The library takes the URL from nowhere else: neither the key file's token_uri nor an option counts.
  jwt.transporter.interceptors.request.add({
    resolved: async (config) => {
      if (tokenUrl !== undefined && String(config.url) === googleTokenUrl) config.url = new URL(tokenUrl);
      return config;
    },
  });
  return jwt.authorize();
}

/** The request that the library sends for a key, for an assertion that is signed already. */
async function exchange(assertion: string, url: string = googleTokenUrl): Promise<TokenAnswer> {
  const { data } = await new Gaxios().request<{ access_token?: string; expires_in?: number }>({
    method: 'POST',
    url,
    data: new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }),
    responseType: 'json',
    timeout: timeoutMs,
    retryConfig: { httpMethodsToRetry: ['POST'] },
  });
  return { access_token: data?.access_token, expiry_date: data?.expires_in && Date.now() + data.expires_in * 1_000 };
}

/** RFC 7523 §3, as developers.google.com/identity/protocols/oauth2/service-account says it of delegation. */
function claimsOf(email: string, adminEmail: string, scopes: readonly string[]): Record<string, unknown> {
  const iat = Math.floor(Date.now() / 1_000);
  return {
    iss: email,
    sub: adminEmail,
    scope: scopes.join(' '),
    aud: googleTokenUrl,
    iat,
    exp: iat + assertionSeconds,
  };
}
