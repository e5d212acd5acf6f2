import { defineService, orUnavailable, type Outage } from '@autoprov/grpc';
import { isUnavailable } from '@autoprov/postgres';
import { FailureServiceService } from '@autoprov/proto';
import type { ReporterContext } from '../context.ts';
import { exportFailures } from './export-failures.ts';
import { getAppCounters } from './get-app-counters.ts';
import { getFailure } from './get-failure.ts';
import { judgeFailure } from './judge-failure.ts';
import { listFailures } from './list-failures.ts';

const statusOutage: Outage = {
  reason: 'FETCH_STATUS_FAILED',
  message: 'the counters could not be read: try again in a moment',
};

/** What this service answers, and to whom. */
export function failureService(ctx: ReporterContext) {
  return defineService({
    definition: FailureServiceService,
    handlers: {
      getFailure: (request, call) => getFailure(ctx, request, call),
      listFailures: (request) => listFailures(ctx, request),
      exportFailures: (request) => exportFailures(ctx, request),
      getAppCounters: (request) => orUnavailable(statusOutage, isUnavailable, () => getAppCounters(ctx, request)),
      dismissFailure: (request, call) => judgeFailure(ctx, { ...request, dismissed: true }, call),
      reopenFailure: (request, call) => judgeFailure(ctx, { ...request, dismissed: false }, call),
    },
    allow: ['cli', 'console'],
    roles: {
      getFailure: { role: 'viewer', customer: 'answer' },
      listFailures: 'viewer',
      exportFailures: 'viewer',
      getAppCounters: 'viewer',
      dismissFailure: { role: 'operator', customer: 'answer' },
      reopenFailure: { role: 'operator', customer: 'answer' },
    },
  });
}
