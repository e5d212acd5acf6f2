import { GetAppCountersResponse, Outcome_Action, Outcome_Result } from '@autoprov/proto';

/** How many pushes of one app ended in one way. */
export type PushCount = { action: Outcome_Action; result: Outcome_Result; code: string; count: bigint };

const fieldOfAction = {
  [Outcome_Action.ACTION_CREATE]: 'created',
  [Outcome_Action.ACTION_ADOPT]: 'adopted',
  [Outcome_Action.ACTION_UPDATE]: 'updated',
  [Outcome_Action.ACTION_SUSPEND]: 'suspended',
  [Outcome_Action.ACTION_REACTIVATE]: 'reactivated',
  [Outcome_Action.ACTION_DELETE]: 'deleted',
} as const;

/** What was done, by action, and what failed, by code. Withdrawn pushes are neither. */
export function sumCounts(counts: PushCount[]): GetAppCountersResponse {
  const sums = GetAppCountersResponse.fromPartial({});
  for (const { action, result, code, count } of counts) {
    if (result === Outcome_Result.RESULT_FAILED) sums.failed[code] = (sums.failed[code] ?? 0n) + count;
    const field = fieldOfAction[action as keyof typeof fieldOfAction];
    if (result === Outcome_Result.RESULT_ACCEPTED && field) sums[field] += count;
  }
  return sums;
}
