import type { ListAuditRecordsRequest, ListAuditRecordsResponse } from '@autoprov/proto';
import type { BrokerContext } from '../context.ts';
import { listAuditRecords as listRows } from '../store/audit-records.ts';
import { invalidField } from './errors.ts';
import { readCustomer } from './names.ts';

const SIZE_DEFAULT = 100;
const SIZE_MAX = 1_000;

export async function listAuditRecords(
  { pool }: BrokerContext,
  { parent, pageSize, pageToken }: ListAuditRecordsRequest,
): Promise<ListAuditRecordsResponse> {
  const customerId = parent === 'customers/-' ? undefined : readCustomer('parent', parent);
  if (pageSize < 0) throw invalidField('page_size', 'it is negative: send 0 for the default');
  const limit = Math.min(pageSize || SIZE_DEFAULT, SIZE_MAX);
  const found = await listRows(pool, { customerId, after: readPageToken(pageToken), limit: limit + 1 });
  const page = found.slice(0, limit);
  return {
    records: page.map(({ caller, resource, version, reason, firstTime, lastTime, count }) => ({
      caller,
      resource,
      version,
      refusedReason: reason,
      firstTime,
      lastTime,
      count,
    })),
    nextPageToken: found.length > limit ? Buffer.from(page.at(-1)!.place).toString('base64url') : '',
  };
}

/** The place after which the page begins; undefined: the first is asked for. */
function readPageToken(token: string): string | undefined {
  if (token === '') return undefined;
  const place = Buffer.from(token, 'base64url').toString();
  if (/^\d{20} /.test(place)) return place;
  throw invalidField('page_token', 'it is not of a page of this list: send next_page_token as it came, or nothing');
}
