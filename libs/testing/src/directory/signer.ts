import { createSign, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { listenOnLoopback } from '../service-providers/listen-on-loopback.ts';
import type { ServiceAccountKey } from './directory.ts';

/** A running stand-in for Google's IAM: it alone holds private keys, and signs for whoever is let in. */
export type ExampleSigner = {
  /** The root of the IAM Credentials API. */
  url: string;
  /**
   * Application Default Credentials of a workload (workload identity federation, a token from a file): what
   * GOOGLE_APPLICATION_CREDENTIALS may name.
   */
  credentialsFile: string;
  /** The next requests to sign are answered so; status 0 cuts the connection. */
  fail(status: number, times: number): void;
  /** From now on the workload is refused, or let in again. */
  setAllowed(allowed: boolean): void;
  /** So many assertions were signed. */
  signedCount(): number;
  stop(): Promise<void>;
};

/** Google's limit for `exp` of what signJwt signs. */
const longestSeconds = 12 * 3600;

/**
 * Starts a token exchange (RFC 8693) that knows one workload, and projects.serviceAccounts.signJwt of IAM Credentials for
 * it: cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signJwt.
 *
 * @param keys of the service accounts that it signs for
 * @param dir gets the workload's credentials
 */
export async function startSigner(keys: ServiceAccountKey[], dir: string): Promise<ExampleSigner> {
  const workloadToken = randomBytes(24).toString('base64url');
  const accessTokens = new Set<string>();
  let failing = { status: 0, times: 0 };
  let allowed = true;
  let signed = 0;

  function exchange(form: string, response: ServerResponse): void {
    if (new URLSearchParams(form).get('subject_token') !== workloadToken) {
      return send(response, 400, { error: 'invalid_grant', error_description: 'unknown workload' });
    }
    const accessToken = `ya29.${randomBytes(24).toString('base64url')}`;
    accessTokens.add(accessToken);
    send(response, 200, {
      access_token: accessToken,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 3600,
    });
  }

  function sign(email: string, request: IncomingMessage, body: string, response: ServerResponse): void {
    if (failing.times > 0) {
      failing.times--;
      if (failing.status === 0) return void request.socket.destroy();
      return refuse(response, failing.status, 'UNAVAILABLE');
    }
    if (!accessTokens.has(request.headers.authorization?.replace(/^Bearer /, '') ?? '')) {
      return refuse(response, 401, 'UNAUTHENTICATED');
    }
    // IAM does not tell a stranger whether an account exists.
    const key = keys.find((one) => one.client_email === email);
    if (!allowed || !key) return refuse(response, 403, 'PERMISSION_DENIED');
    const { payload } = JSON.parse(body) as { payload: string };
    const { exp = 0 } = JSON.parse(payload) as { exp?: number };
    if (exp > Date.now() / 1000 + longestSeconds) return refuse(response, 400, 'INVALID_ARGUMENT');
    signed++;
    send(response, 200, { keyId: key.private_key_id, signedJwt: signJwt(key, payload) });
  }

  const { url, stop } = await listenOnLoopback(async (request, response) => {
    const body = await text(request);
    const path = decodeURIComponent(request.url ?? '');
    const email = /^\/v1\/projects\/-\/serviceAccounts\/([^/]+):signJwt$/.exec(path)?.[1];
    if (path === '/sts') return exchange(body, response);
    if (email !== undefined && request.method === 'POST') return sign(email, request, body, response);
    refuse(response, 404, 'NOT_FOUND');
  });
  return {
    url,
    credentialsFile: writeCredentials(dir, workloadToken, url),
    fail: (status, times) => void (failing = { status, times }),
    setAllowed: (value) => void (allowed = value),
    signedCount: () => signed,
    stop,
  };
}

function signJwt({ private_key_id: kid, private_key: privateKey }: ServiceAccountKey, payload: string): string {
  const header = JSON.stringify({ alg: 'RS256', kid, typ: 'JWT' });
  const content = [header, payload].map((part) => Buffer.from(part).toString('base64url')).join('.');
  return `${content}.${createSign('RSA-SHA256').update(content).sign(privateKey, 'base64url')}`;
}

function writeCredentials(dir: string, workloadToken: string, url: string): string {
  const tokenFile = join(dir, 'workload-token');
  writeFileSync(tokenFile, workloadToken, { mode: 0o600 });
  const credentialsFile = join(dir, 'workload-credentials.json');
  const credentials = {
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/example/providers/example',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${url}/sts`,
    credential_source: { file: tokenFile },
  };
  writeFileSync(credentialsFile, JSON.stringify(credentials), { mode: 0o600 });
  return credentialsFile;
}

function refuse(response: ServerResponse, code: number, reason: string): void {
  send(response, code, { error: { code, message: `The example signer says ${reason}`, status: reason } });
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' }).end(JSON.stringify(body));
}
