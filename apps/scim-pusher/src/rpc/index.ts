import { PushServiceService } from '@autoprov/proto';
import { defineService, type Service } from '@autoprov/grpc';
import type { PusherContext } from '../context.ts';
import { explainUser } from './explain-user.ts';
import { getAppStatus } from './get-app-status.ts';
import { listAccounts } from './list-accounts.ts';

// Stands in for what is not written yet.
const notYet = async (): Promise<never> => {
  throw new Error('not written yet');
};

const people = ['cli', 'console'];

/** What the service answers, and to whom. */
export function pushService(ctx: PusherContext): Service {
  return defineService({
    definition: PushServiceService,
    handlers: {
      probeEndpoint: notYet,
      getTargetSchema: notYet,
      getAppStatus: (request) => getAppStatus(ctx, request),
      explainUser: (request) => explainUser(ctx, request),
      listAccounts: (request) => listAccounts(ctx, request),
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
