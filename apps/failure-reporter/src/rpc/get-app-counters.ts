import { parseAppName, type GetAppCountersRequest, type GetAppCountersResponse } from '@autoprov/proto';
import type { ReporterContext } from '../context.ts';
import { sumCounts } from '../domain/sum-counts.ts';
import { sumCounters } from '../store/counters.ts';
import { invalidRequest } from './failure-question.ts';

const DEFAULT_WINDOW_MS = 30 * 24 * 3_600_000;

export async function getAppCounters(
  ctx: ReporterContext,
  request: GetAppCountersRequest,
): Promise<GetAppCountersResponse> {
  const { app, endTime = ctx.now(), startTime = new Date(ctx.now().getTime() - DEFAULT_WINDOW_MS) } = request;
  if (!parseAppName(app)) {
    throw invalidRequest([{ field: 'app', description: 'must be customers/{customer}/apps/{app}' }]);
  }
  if (startTime > endTime) throw invalidRequest([{ field: 'start_time', description: 'must not be after end_time' }]);
  return sumCounts(await sumCounters(ctx.pool, app, startTime, endTime));
}
