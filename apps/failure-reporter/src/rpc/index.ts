import { defineService, orUnavailable, type Outage } from '@autoprov/grpc';
import { isUnavailable } from '@autoprov/postgres';
import { FailureServiceService } from '@autoprov/proto';
import type { ReporterContext } from '../context.ts';
import { exportFailures } from './export-failures.ts';
import { getAppCounters } from './get-app-counters.ts';
import { getFailure } from './get-failure.ts';
import { judgeFailure } from './judge-failure.ts';
import { listCauses } from './list-causes.ts';
import { listFailures } from './list-failures.ts';
import { muteCause } from './mute-cause.ts';
import { listParkedEvents, replayParkedEvents } from './parked-events.ts';

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
      listCauses: (request) => listCauses(ctx, request),
      muteCause: (request) => muteCause(ctx, request),
      listParkedEvents: (request) => listParkedEvents(ctx, request),
      replayParkedEvents: (request) => replayParkedEvents(ctx, request),
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
      listCauses: 'viewer',
      muteCause: 'operator',
      // A message that cannot be read may be any customer's.
      listParkedEvents: { role: 'viewer', customer: 'all' },
      replayParkedEvents: { role: 'operator', customer: 'all' },
      reopenFailure: { role: 'operator', customer: 'answer' },
    },
  });
}
