import { defineService, orUnavailable, type Outage } from '@autoprov/grpc';
import { isUnavailable } from '@autoprov/postgres';
import { DirectoryServiceService } from '@autoprov/proto';
import type { ReaderContext } from '../context.ts';
import { batchGetUsers } from './batch-get-users.ts';
import { checkGroups } from './check-groups.ts';
import { explainMembership } from './explain-membership.ts';
import { getReadStatus } from './get-read-status.ts';
import { getUser } from './get-user.ts';
import { identifyDirectory } from './identify-directory.ts';
import { listCustomSchemas } from './list-custom-schemas.ts';
import { listGroups } from './list-groups.ts';
import { listOrgUnits } from './list-org-units.ts';
import { listReadGaps } from './list-read-gaps.ts';
import { listUsers } from './list-users.ts';
import { readUsers } from './read-users.ts';
import { requestRead } from './request-read.ts';
import { resendUsers } from './resend-users.ts';
import { searchGroups } from './search-groups.ts';

const schemasOutage: Outage = {
  reason: 'FETCH_CUSTOM_ATTRIBUTES_FAILED',
  message: 'the custom schemas could not be read: try again in a moment',
};

const forPeople = ['cli', 'console'];

/** What the service answers, and to whom. */
export function directoryService(context: ReaderContext) {
  return defineService({
    definition: DirectoryServiceService,
    handlers: {
      getUser: (request, call) => getUser(context, request, call),
      batchGetUsers: (request) => batchGetUsers(context, request),
      listUsers: (request, call) => listUsers(context, request, call),
      listGroups: (request) => listGroups(context, request),
      explainMembership: (request) => explainMembership(context, request),
      listCustomSchemas: (request, call) =>
        orUnavailable(schemasOutage, isUnavailable, () => listCustomSchemas(context, request, call)),
      listOrgUnits: (request, call) => listOrgUnits(context, request, call),
      searchGroups: (request, call) => searchGroups(context, request, call),
      identifyDirectory: (request, call) => identifyDirectory(context, request, call),
      checkGroups: (request, call) => checkGroups(context, request, call),
      readUsers: (request, call) => readUsers(context, request, call),
      requestRead: (request) => requestRead(context, request),
      getReadStatus: (request) => getReadStatus(context, request),
      listReadGaps: (request) => listReadGaps(context, request),
      resendUsers: (request) => resendUsers(context, request),
    },
    allow: {
      checkGroups: [...forPeople, 'config'],
      identifyDirectory: ['token-broker'],
      getUser: [...forPeople, 'config', 'scim-pusher'],
      batchGetUsers: [...forPeople, 'scim-pusher', 'failure-reporter'],
      listUsers: [...forPeople, 'config', 'scim-pusher'],
      listGroups: [...forPeople, 'config'],
      explainMembership: [...forPeople, 'scim-pusher'],
      listCustomSchemas: [...forPeople, 'config'],
      listOrgUnits: forPeople,
      searchGroups: forPeople,
      readUsers: [...forPeople, 'scim-pusher'],
      requestRead: [...forPeople, 'config', 'scim-pusher'],
      getReadStatus: [...forPeople, 'config', 'scim-pusher'],
      listReadGaps: [...forPeople, 'scim-pusher'],
      resendUsers: [...forPeople, 'scim-pusher'],
    },
    roles: {
      getUser: 'viewer',
      batchGetUsers: 'viewer',
      listUsers: 'viewer',
      listGroups: 'viewer',
      explainMembership: 'viewer',
      listCustomSchemas: 'viewer',
      listOrgUnits: 'viewer',
      searchGroups: 'viewer',
      checkGroups: 'viewer',
      readUsers: 'operator',
      requestRead: 'operator',
      getReadStatus: 'viewer',
      listReadGaps: 'viewer',
    },
  });
}
