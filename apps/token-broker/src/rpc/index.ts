import { defineService, type CallContext, type Service } from '@autoprov/grpc';
import { TokenBrokerServiceService } from '@autoprov/proto';
import { auditing } from '../audit-refusals.ts';
import type { BrokerContext } from '../context.ts';
import { beginAuthorization } from './begin-authorization.ts';
import { checkDelegation } from './check-delegation.ts';
import { completeAuthorization } from './complete-authorization.ts';
import { deleteCredential } from './delete-credential.ts';
import { deleteDelegation } from './delete-delegation.ts';
import { getAppAuthorization } from './get-app-authorization.ts';
import { getCredential } from './get-credential.ts';
import { getDelegation } from './get-delegation.ts';
import { getDirectoryAccessToken } from './get-directory-access-token.ts';
import { listCredentials } from './list-credentials.ts';
import { listRevocations } from './list-revocations.ts';
import { revokeAppAccess } from './revoke-app-access.ts';
import { listAuditRecords } from './list-audit-records.ts';
import { setCredential } from './set-credential.ts';
import { setDelegation } from './set-delegation.ts';

const admins = ['cli', 'console'];

/** What the service answers, and to whom: what comes from a secret goes to the one service that uses it. */
export function tokenBrokerService(ctx: BrokerContext): Service {
  const audited = <T>({ caller }: CallContext, resource: string, work: () => Promise<T>) =>
    auditing(ctx, { caller, resource }, work);
  return defineService({
    definition: TokenBrokerServiceService,
    handlers: {
      listCredentials: (request) => listCredentials(ctx, request),
      beginAuthorization: (request, call) => audited(call, request.app, () => beginAuthorization(ctx, request, call)),
      completeAuthorization: (request, call) =>
        audited(call, request.app, () => completeAuthorization(ctx, request, call)),
      revokeAppAccess: (request, call) => revokeAppAccess(ctx, request, call),
      listRevocations: (request) => listRevocations(ctx, request),
      setDelegation: (request, call) => audited(call, request.customer, () => setDelegation(ctx, request)),
      getDelegation: (request) => getDelegation(ctx, request),
      deleteDelegation: (request) => deleteDelegation(ctx, request),
      checkDelegation: (request, call) => checkDelegation(ctx, request, call),
      setCredential: (request, call) => audited(call, request.app, () => setCredential(ctx, request, call)),
      getCredential: (request) => getCredential(ctx, request),
      deleteCredential: (request) => deleteCredential(ctx, request),
      getDirectoryAccessToken: (request, call) =>
        audited(call, request.customer, () => getDirectoryAccessToken(ctx, request, call)),
      getAppAuthorization: (request, call) => audited(call, request.app, () => getAppAuthorization(ctx, request, call)),
      listAuditRecords: (request) => listAuditRecords(ctx, request),
    },
    allow: {
      listCredentials: admins,
      beginAuthorization: admins,
      completeAuthorization: admins,
      revokeAppAccess: ['config'],
      listRevocations: admins,
      listAuditRecords: admins,
      setDelegation: admins,
      getDelegation: [...admins, 'config'],
      deleteDelegation: admins,
      checkDelegation: [...admins, 'config'],
      setCredential: admins,
      getCredential: [...admins, 'config'],
      deleteCredential: admins,
      getDirectoryAccessToken: ['directory-reader'],
      getAppAuthorization: ['scim-pusher'],
    },
    roles: {
      setDelegation: 'operator',
      getDelegation: 'viewer',
      deleteDelegation: 'operator',
      checkDelegation: 'operator',
      setCredential: 'operator',
      getCredential: 'viewer',
      listCredentials: 'viewer',
      deleteCredential: 'operator',
      beginAuthorization: 'operator',
      completeAuthorization: 'operator',
      listRevocations: 'viewer',
      listAuditRecords: 'viewer',
    },
  });
}
