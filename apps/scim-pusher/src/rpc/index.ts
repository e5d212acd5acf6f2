import { PushServiceService } from '@autoprov/proto';
import { defineService, orUnavailable, type Outage, type Service } from '@autoprov/grpc';
import { isUnavailable } from '@autoprov/postgres';
import type { PusherContext } from '../context.ts';
import { explainUser } from './explain-user.ts';
import { getAppStatus } from './get-app-status.ts';
import { getTargetSchema } from './get-target-schema.ts';
import { listAccounts } from './list-accounts.ts';
import { probeEndpoint } from './probe-endpoint.ts';

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
      listAccounts: (request) => listAccounts(ctx, request),
      probeEndpoint: (request, call) => probeEndpoint(ctx, request, call),
      getTargetSchema: (request, call) => getTargetSchema(ctx, request, call),
    },
    allow: {
      getAppStatus: people,
      explainUser: people,
      listAccounts: people,
      probeEndpoint: [...people, 'config'],
      getTargetSchema: [...people, 'config'],
    },
    roles: {
      getAppStatus: 'viewer',
      explainUser: 'viewer',
      listAccounts: 'viewer',
      // The request names the endpoint that the app's credential is sent to.
      probeEndpoint: 'operator',
      getTargetSchema: 'operator',
    },
  });
}
