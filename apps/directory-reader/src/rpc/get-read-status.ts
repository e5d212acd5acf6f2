import type { GetReadStatusRequest, GetReadStatusResponse, PartStatus, ReadProgress } from '@autoprov/proto';
import type { ReaderContext } from '../context.ts';
import { estimateEnd } from '../domain/estimate-end.ts';
import { findCustomer, type CustomerRow } from '../store/customers.ts';
import { listAllGroups, type GroupOfInterest } from '../store/interests.ts';
import { readRequestCounts } from '../store/request-counts.ts';
import { countPresent } from '../store/users.ts';
import { requireCustomerId } from './names.ts';

/** Answers how reading stands; of a customer that was never read, that nothing was read. */
export async function getReadStatus(
  { pool, now }: ReaderContext,
  { customer, showParts }: GetReadStatusRequest,
): Promise<GetReadStatusResponse> {
  const customerId = requireCustomerId('customer', customer);
  const row = await findCustomer(pool, customerId);
  return {
    running: row && runningOf(row, now()),
    lastReadNo: row?.lastReadNo ?? 0n,
    lastEndTime: row?.lastEndTime ?? undefined,
    lastCompleteReadNo: row?.lastCompleteReadNo ?? 0n,
    lastCompleteTime: row?.lastCompleteTime ?? undefined,
    incompleteParts: row?.incompleteParts ?? [],
    nextReadTime: row?.nextReadTime,
    presentCount: await countPresent(pool, customerId),
    requestCounts: await readRequestCounts(pool, customerId),
    requestedReadNo: row && row.requestedReadNo > row.lastReadNo ? row.requestedReadNo : 0n,
    parts: row && showParts ? partsOf(row, await listAllGroups(pool, customerId)) : [],
  };
}

function runningOf(row: CustomerRow, now: Date): ReadProgress | undefined {
  const { startTime, readNo, usersRead, groupsRead, groupsTotal } = row;
  if (!startTime) return undefined;
  const progress = { users: Number(usersRead), groups: groupsRead, startTime };
  const last = {
    users: Number(row.completeUsersRead),
    groups: row.completeGroupsRead,
    durationMs: Number(row.completeDurationMs),
  };
  const estimatedEndTime = estimateEnd(progress, last, now);
  return { readNo, startTime, usersRead, groupsRead, groupsTotal, estimatedEndTime };
}

function partsOf({ incompleteParts, wholeUsersTime }: CustomerRow, groups: GroupOfInterest[]): PartStatus[] {
  const problems = new Map(incompleteParts.map((problem) => [problem.part, problem]));
  const toPart = (part: string, wholeTime: Date | null, missingSince: Date | null): PartStatus => {
    const problem = problems.get(part);
    return {
      part,
      completeTime: wholeTime ?? undefined,
      missingSince: missingSince ?? undefined,
      incomplete: problem !== undefined || wholeTime === null,
      code: problem?.code ?? '',
      detail: problem?.detail ?? '',
    };
  };
  return [
    toPart('users', wholeUsersTime, null),
    ...groups.map(({ name, wholeTime, missingSince }) => toPart(`groups/${name}`, wholeTime, missingSince)),
  ];
}
