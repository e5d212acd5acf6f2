import type { GetReadStatusRequest, GetReadStatusResponse } from '@autoprov/proto';
import type { ReaderContext } from '../context.ts';
import { findCustomer, type CustomerRow } from '../store/customers.ts';
import { readRequestCounts } from '../store/request-counts.ts';
import { countPresent } from '../store/users.ts';
import { requireCustomerId } from './names.ts';

/** Answers how reading stands; of a customer that was never read, that nothing was read. */
export async function getReadStatus(
  { pool }: ReaderContext,
  { customer }: GetReadStatusRequest,
): Promise<GetReadStatusResponse> {
  const customerId = requireCustomerId('customer', customer);
  const row = await findCustomer(pool, customerId);
  return {
    running: row && runningOf(row),
    lastReadNo: row?.lastReadNo ?? 0n,
    lastEndTime: row?.lastEndTime ?? undefined,
    lastCompleteReadNo: row?.lastCompleteReadNo ?? 0n,
    lastCompleteTime: row?.lastCompleteTime ?? undefined,
    incompleteParts: row?.incompleteParts ?? [],
    nextReadTime: row?.nextReadTime,
    presentCount: await countPresent(pool, customerId),
    requestCounts: await readRequestCounts(pool, customerId),
  };
}

function runningOf({ startTime, readNo, usersRead, groupsRead, groupsTotal }: CustomerRow) {
  return startTime ? { readNo, startTime, usersRead, groupsRead, groupsTotal } : undefined;
}
