import { exchangeJson } from './exchange-json.ts';
import type { JsonAnswer } from './exchange-json.ts';
import type { FrontCommand, FrontCounts, FrontLogEntry } from './front-faults.ts';

/** Where a SCIM server is and how one gets in. */
export type ScimAccess = {
  /** Without a trailing slash. */
  baseUrl: string;
  /** The bearer token. */
  token: string;
  /** The PEM certificate of the authority that signed its certificate; absent: one that the machine trusts. */
  ca?: string;
};

/** Sends one SCIM request, for tests and judges. */
export function callScim(
  { baseUrl, token, ca }: ScimAccess,
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<JsonAnswer> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' };
  return exchangeJson(`${baseUrl}${path}`, { method, headers, body, ca });
}

/** Commands the front of a service provider in another process. */
export async function commandFront({ baseUrl, ca }: ScimAccess, command: FrontCommand): Promise<void> {
  await exchangeJson(new URL('/_control', baseUrl).href, { method: 'POST', body: command, ca });
}

/** The counters of a service provider in another process. */
export async function readFrontCounts({ baseUrl, ca }: ScimAccess): Promise<FrontCounts> {
  const { body } = await exchangeJson(new URL('/_control/counts', baseUrl).href, { method: 'GET', ca });
  return body as FrontCounts;
}

/** What was wrong with requests of our SCIM client to a service provider in another process. */
export async function readInvalidRequests({ baseUrl, ca }: ScimAccess): Promise<string[]> {
  const { body } = await exchangeJson(new URL('/_control/invalid-requests', baseUrl).href, { method: 'GET', ca });
  return body as string[];
}

/** The request log of a service provider in another process. */
export async function readFrontLog({ baseUrl, ca }: ScimAccess): Promise<FrontLogEntry[]> {
  const { body } = await exchangeJson(new URL('/_control/log', baseUrl).href, { method: 'GET', ca });
  return body as FrontLogEntry[];
}
