import { PushServiceService } from '@autoprov/proto';
import { defineService, orUnavailable, type Outage, type Service } from '@autoprov/grpc';
import { isUnavailable } from '@autoprov/postgres';
import type { PusherContext } from '../context.ts';
import { approveHeldActions } from './approve-held-actions.ts';
import { compareAccounts } from './compare-accounts.ts';
import { explainAccess } from './explain-access.ts';
import { explainUser } from './explain-user.ts';
import { exportLinks } from './export-links.ts';
import { getAppStatus } from './get-app-status.ts';
import { getComparison } from './get-comparison.ts';
import { getTargetSchema } from './get-target-schema.ts';
import { importLinks } from './import-links.ts';
import { inspectEndpoint } from './inspect-endpoint.ts';
import { listAccounts } from './list-accounts.ts';
import { listHeldActions } from './list-held-actions.ts';
import { listHolds } from './list-holds.ts';
import { listTimeline } from './list-timeline.ts';
import { placeHold } from './place-hold.ts';
import { planAdoption } from './plan-adoption.ts';
import { planApp } from './plan-app.ts';
import { probeEndpoint } from './probe-endpoint.ts';
import { provisionUsers } from './provision-users.ts';
import { releaseHold } from './release-hold.ts';
import { retryFailing } from './retry-failing.ts';
import { planUndo, startUndo } from './undo.ts';

const statusOutage: Outage = {
  reason: 'FETCH_STATUS_FAILED',
  message: 'the status could not be read: try again in a moment',
};

const people = ['cli', 'console'];

/** What the service answers, and to whom. */
export function pushService(ctx: PusherContext): Service {
  return defineService({
    definition: PushServiceService,
    handlers: {
      getAppStatus: (request) => orUnavailable(statusOutage, isUnavailable, () => getAppStatus(ctx, request)),
      explainUser: (request) => explainUser(ctx, request),
      explainAccess: (request) => explainAccess(ctx, request),
      listTimeline: (request) => listTimeline(ctx, request),
      listAccounts: (request) => listAccounts(ctx, request),
      probeEndpoint: (request, call) => probeEndpoint(ctx, request, call),
      inspectEndpoint: (request, call) => inspectEndpoint(ctx, request, call),
      getTargetSchema: (request, call) => getTargetSchema(ctx, request, call),
      planApp: (request, call) => planApp(ctx, request, call),
      provisionUsers: (request, call) => provisionUsers(ctx, request, call),
      retryFailing: (request) => retryFailing(ctx, request),
      planAdoption: (request, call) => planAdoption(ctx, request, call),
      planUndo: (request) => planUndo(ctx, request),
      startUndo: (request, call) => startUndo(ctx, request, call),
      listHeldActions: (request) => listHeldActions(ctx, request),
      approveHeldActions: (request, call) => approveHeldActions(ctx, request, call),
      placeHold: (request, call) => placeHold(ctx, request, call),
      releaseHold: (request, call) => releaseHold(ctx, request, call),
      listHolds: (request) => listHolds(ctx, request),
      compareAccounts: (request) => compareAccounts(ctx, request),
      getComparison: (request) => getComparison(ctx, request),
      exportLinks: (request) => exportLinks(ctx, request),
      importLinks: (request, call) => importLinks(ctx, request, call),
    },
    allow: {
      getAppStatus: people,
      explainUser: people,
      explainAccess: people,
      listTimeline: people,
      listAccounts: people,
      probeEndpoint: [...people, 'config'],
      inspectEndpoint: people,
      getTargetSchema: [...people, 'config'],
      planApp: people,
      provisionUsers: people,
      retryFailing: people,
      planAdoption: people,
      planUndo: people,
      startUndo: people,
      listHeldActions: people,
      approveHeldActions: people,
      placeHold: people,
      releaseHold: people,
      listHolds: people,
      compareAccounts: people,
      getComparison: people,
      exportLinks: people,
      importLinks: people,
    },
    roles: {
      getAppStatus: 'viewer',
      explainUser: 'viewer',
      explainAccess: 'viewer',
      listTimeline: 'viewer',
      listAccounts: 'viewer',
      // The request names the endpoint that the app's credential is sent to.
      probeEndpoint: 'operator',
      // It is about no customer, and makes the service call where the caller says.
      inspectEndpoint: { role: 'operator', customer: 'all' },
      getTargetSchema: 'operator',
      // The request may hold expressions, which are run for everybody.
      planApp: 'operator',
      // Nothing but what would be done anyway, sooner.
      provisionUsers: 'operator',
      retryFailing: 'operator',
      // Every account is read from the service provider.
      planAdoption: 'operator',
      planUndo: 'viewer',
      startUndo: 'operator',
      listHeldActions: 'viewer',
      approveHeldActions: 'approver',
      placeHold: 'operator',
      // Placing one does no harm; what goes on after it may.
      releaseHold: 'approver',
      listHolds: 'viewer',
      // Every account is read from the service provider.
      compareAccounts: 'operator',
      getComparison: 'viewer',
      exportLinks: 'viewer',
      importLinks: 'operator',
    },
  });
}
