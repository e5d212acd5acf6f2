import type { ListReadGapsRequest, ListReadGapsResponse } from '@autoprov/proto';
import type { ReaderContext } from '../context.ts';
import { listReadGaps as findReadGaps } from '../store/read-gaps.ts';
import { requireCustomerId } from './names.ts';

const GAPS_MAX = 1_000;
const BEGINNING = new Date(0);

/** Answers when parts of a customer's directory were not read whole. */
export async function listReadGaps(
  { pool, now }: ReaderContext,
  { customer, startTime = BEGINNING, endTime = now() }: ListReadGapsRequest,
): Promise<ListReadGapsResponse> {
  const customerId = requireCustomerId('customer', customer);
  const gaps = await findReadGaps(pool, customerId, { startTime, endTime, limit: GAPS_MAX });
  return {
    gaps: gaps.map((gap) => ({
      ...gap,
      knownTime: gap.knownTime ?? undefined,
      endTime: gap.endTime ?? undefined,
    })),
  };
}
