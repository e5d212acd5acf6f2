import { defineService } from '@autoprov/grpc';
import { DirectoryServiceService } from '@autoprov/proto';
import type { ReaderContext } from '../context.ts';
import { batchGetUsers } from './batch-get-users.ts';
import { getReadStatus } from './get-read-status.ts';
import { getUser } from './get-user.ts';
import { identifyDirectory } from './identify-directory.ts';
import { listCustomSchemas } from './list-custom-schemas.ts';
import { listGroups } from './list-groups.ts';
import { listUsers } from './list-users.ts';
import { requestRead } from './request-read.ts';
import { resendUsers } from './resend-users.ts';

// Stands in for what is not written yet.
const notYet = async (): Promise<never> => {
  throw new Error('not written yet');
};

const forPeople = ['cli', 'console'];

/** What the service answers, and to whom. */
export function directoryService(context: ReaderContext) {
  return defineService({
    definition: DirectoryServiceService,
    handlers: {
      checkGroups: notYet,
      getUser: (request) => getUser(context, request),
      batchGetUsers: (request) => batchGetUsers(context, request),
      listUsers: (request) => listUsers(context, request),
      listGroups: (request) => listGroups(context, request),
      listCustomSchemas: (request, call) => listCustomSchemas(context, request, call),
      identifyDirectory: (request, call) => identifyDirectory(context, request, call),
      requestRead: (request) => requestRead(context, request),
      getReadStatus: (request) => getReadStatus(context, request),
      resendUsers: (request) => resendUsers(context, request),
    },
    allow: {
      checkGroups: [...forPeople, 'config'],
      identifyDirectory: ['token-broker'],
      getUser: [...forPeople, 'config', 'scim-pusher'],
      batchGetUsers: [...forPeople, 'scim-pusher', 'failure-reporter'],
      listUsers: [...forPeople, 'config', 'scim-pusher'],
      listGroups: [...forPeople, 'config'],
      listCustomSchemas: [...forPeople, 'config'],
      requestRead: [...forPeople, 'config', 'scim-pusher'],
      getReadStatus: [...forPeople, 'config', 'scim-pusher'],
      resendUsers: [...forPeople, 'scim-pusher'],
    },
  });
}
