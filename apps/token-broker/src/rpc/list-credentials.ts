import type { ListCredentialsRequest, ListCredentialsResponse } from '@autoprov/proto';
import type { BrokerContext } from '../context.ts';
import { listCredentials as listRows, type CredentialPosition } from '../store/credentials.ts';
import { cutPage, readPageSize, readPageToken, readParent } from './pages.ts';
import { presentCredential } from './present.ts';

export async function listCredentials(
  { pool, now }: BrokerContext,
  { parent, pageSize, pageToken }: ListCredentialsRequest,
): Promise<ListCredentialsResponse> {
  const limit = readPageSize(pageSize);
  const after = readPageToken(pageToken, readPosition);
  const found = await listRows(pool, { customerId: readParent(parent), after, limit: limit + 1 });
  const page = cutPage(found, limit, ({ expireTime, customerId, appId }) => [expireTime, customerId, appId]);
  const credentials = page.rows.map((row) => presentCredential(row, now()));
  return { credentials, nextPageToken: page.nextPageToken };
}

function readPosition(json: unknown): CredentialPosition | undefined {
  if (!Array.isArray(json)) return undefined;
  const [end, customerId, appId] = json as unknown[];
  if (typeof customerId !== 'string' || typeof appId !== 'string') return undefined;
  if (end === null) return { expireTime: null, customerId, appId };
  if (typeof end !== 'string' || Number.isNaN(Date.parse(end))) return undefined;
  return { expireTime: new Date(end), customerId, appId };
}
