import { RpcError, status } from '@autoprov/grpc';
import type { GetComparisonRequest, GetComparisonResponse } from '@autoprov/proto';
import type { PusherContext } from '../context.ts';
import { findComparison, findRunningComparison } from '../store/comparisons.ts';
import { findingKinds, listFindings } from '../store/findings.ts';
import { readAppName, requireSetup } from './app-key.ts';
import { invalidField } from './errors.ts';
import { readPageSize, readPageToken, toPageToken } from './pages.ts';
import { presentComparison, presentFinding } from './present-comparison.ts';

export async function getComparison(ctx: PusherContext, request: GetComparisonRequest): Promise<GetComparisonResponse> {
  const key = readAppName('app', request.app);
  await requireSetup(ctx, request.app, key);
  const limit = readPageSize(request.pageSize);
  const token = readPageToken(request.pageToken, (parts) => parts.length === 4 && /^[1-4]$/.test(parts[1]!));
  const running = await findRunningComparison(ctx.pool, key);
  const comparison = await findComparison(ctx.pool, key);
  if (!comparison && !running) {
    const message = `${request.app} was never compared: say "autoprov compare", or give its setup comparison.interval_hours`;
    throw new RpcError(status.NOT_FOUND, 'RESOURCE_NOT_FOUND', message);
  }
  const [comparisonId, kind = '0', scimId = '', attribute = ''] = token ?? [];
  if (comparisonId !== undefined && comparisonId !== comparison?.comparisonId) {
    throw invalidField('page_token', 'is of an earlier comparison: begin with the first page');
  }
  const after = { kind: Number(kind), scimId, attribute };
  const found = comparison ? await listFindings(ctx.pool, comparison, after, limit + 1) : [];
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const hasMore = found.length > limit && comparison && last;
  return {
    comparison: comparison && presentComparison(comparison),
    findings: page.map((finding) => presentFinding(key, finding)),
    nextPageToken: hasMore
      ? toPageToken(comparison.comparisonId, String(findingKinds[last.kind]), last.scimId, last.attribute)
      : '',
    runningId: running?.comparisonId ?? '',
    runningCount: BigInt(running?.accountCount ?? 0),
  };
}
