import { GaxiosError } from 'gaxios';
import { GoogleAuth } from 'google-auth-library';
import { TokenRefusedError } from './google-refusal.ts';

/** Signs for service accounts whose key stays with Google. */
export type JwtSigner = {
  /** The claims as a signed JWT (RS256). Throws TokenRefusedError, as from the signer. */
  sign(serviceAccountEmail: string, claims: Record<string, unknown>): Promise<string>;
};

/** Of one try. */
const timeoutMs = 5_000;

/**
 * Google's IAM Credentials, projects.serviceAccounts.signJwt
 * (cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signJwt), called as the identity that
 * this process runs as: Application Default Credentials, which the library finds.
 *
 * @param url the root of the API, if it is not Google's
 */
export function createJwtSigner(url: string = 'https://iamcredentials.googleapis.com'): JwtSigner {
  // With a project id, which signJwt does not need, the library does not go and look for one.
  const auth = new GoogleAuth({ projectId: '-', scopes: 'https://www.googleapis.com/auth/cloud-platform' });
  return {
    async sign(serviceAccountEmail, claims) {
      try {
        const { data } = await auth.request<{ signedJwt?: string }>({
          method: 'POST',
          url: `${url}/v1/projects/-/serviceAccounts/${encodeURIComponent(serviceAccountEmail)}:signJwt`,
          data: { payload: JSON.stringify(claims) },
          timeout: timeoutMs,
          // Signing twice harms nobody.
          retryConfig: { httpMethodsToRetry: ['POST'] },
        });
        if (data.signedJwt) return data.signedJwt;
        throw new TokenRefusedError({ fromSigner: true, status: 200 });
      } catch (cause) {
        throw cause instanceof TokenRefusedError ? cause : new TokenRefusedError(refusalOfSigner(cause), { cause });
      }
    },
  };
}

function refusalOfSigner(err: unknown) {
  if (err instanceof GaxiosError) {
    const status = err.response?.status;
    return { fromSigner: true as const, ...(status !== undefined && { status }) };
  }
  // The library found no credentials, or none that it can read.
  const description = 'token-broker has no Google credentials of its own that it could ask the signer with';
  return { fromSigner: true as const, status: 401, description };
}
