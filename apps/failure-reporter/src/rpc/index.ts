import { defineService } from '@autoprov/grpc';
import { FailureServiceService } from '@autoprov/proto';
import type { ReporterContext } from '../context.ts';
import { exportFailures } from './export-failures.ts';
import { getAppCounters } from './get-app-counters.ts';
import { getFailure } from './get-failure.ts';
import { listFailures } from './list-failures.ts';

/** What this service answers, and to whom. */
export function failureService(ctx: ReporterContext) {
  return defineService({
    definition: FailureServiceService,
    handlers: {
      getFailure: (request, call) => getFailure(ctx, request, call),
      listFailures: (request) => listFailures(ctx, request),
      exportFailures: (request) => exportFailures(ctx, request),
      getAppCounters: (request) => getAppCounters(ctx, request),
    },
    allow: ['cli', 'console'],
    roles: {
      getFailure: { role: 'viewer', customer: 'answer' },
      listFailures: 'viewer',
      exportFailures: 'viewer',
      getAppCounters: 'viewer',
    },
  });
}
