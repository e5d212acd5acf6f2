import type { ListRevocationsRequest, ListRevocationsResponse } from '@autoprov/proto';
import type { BrokerContext } from '../context.ts';
import { listRevocations as listRows } from '../store/revocations.ts';
import { cutPage, readPageSize, readPageToken, readParent } from './pages.ts';
import { presentRevocation } from './present-revocation.ts';

export async function listRevocations(
  { pool }: BrokerContext,
  { parent, pageSize, pageToken }: ListRevocationsRequest,
): Promise<ListRevocationsResponse> {
  const limit = readPageSize(pageSize);
  const afterId = readPageToken(pageToken, readId) ?? 0n;
  const found = await listRows(pool, { customerId: readParent(parent), afterId, limit: limit + 1 });
  const { rows, nextPageToken } = cutPage(found, limit, ({ id }) => String(id));
  return { revocations: rows.map(presentRevocation), nextPageToken };
}

function readId(json: unknown): bigint | undefined {
  return typeof json === 'string' && /^\d{1,18}$/.test(json) ? BigInt(json) : undefined;
}
