import { createHash } from 'node:crypto';
import { topics } from '@autoprov/kafka';
import type { OutboxRecord } from '@autoprov/postgres';
import {
  DirectoryEvent,
  type DirectoryGroup,
  type DirectoryUser,
  DirectoryUser_State,
  type ReadCompleted,
} from '@autoprov/proto';
import type { UserState } from './domain/pages.ts';
import type { GroupOfInterest } from './store/interests.ts';
import type { MirrorUser } from './store/users.ts';

const states: Record<UserState, DirectoryUser_State> = {
  active: DirectoryUser_State.STATE_ACTIVE,
  suspended: DirectoryUser_State.STATE_SUSPENDED,
  archived: DirectoryUser_State.STATE_ARCHIVED,
  deleted: DirectoryUser_State.STATE_DELETED,
};

/** A user of the mirror as events and answers carry it. */
export function toDirectoryUser(customerId: string, user: MirrorUser): DirectoryUser {
  return {
    name: `customers/${customerId}/users/${user.id}`,
    primaryEmail: user.primaryEmail,
    state: states[user.state],
    orgUnitPath: user.orgUnitPath,
    attributes: user.attributes,
    groups: user.groups,
    observeTime: user.observedAt,
  };
}

/** The event of a user's whole state. */
export function toUserRecord(customerId: string, user: MirrorUser): OutboxRecord {
  const event = { $case: 'user' as const, value: toDirectoryUser(customerId, user) };
  return toRecord(customerId, user.id, user.seq, event);
}

/** A group of interest as events and answers carry it. */
export function toDirectoryGroup(customerId: string, group: GroupOfInterest): DirectoryGroup {
  const { name, missing, missingSince, wholeTime } = group;
  return {
    name: `customers/${customerId}/groups/${name}`,
    missing,
    completeTime: wholeTime ?? undefined,
    missingSince: missingSince ?? undefined,
  };
}

/** The event of what is known of a group. */
export function toGroupRecord(customerId: string, group: GroupOfInterest & { seq: bigint }): OutboxRecord {
  // No address in a key.
  const subject = `group-${createHash('sha256').update(group.name).digest('hex').slice(0, 16)}`;
  return toRecord(customerId, subject, group.seq, { $case: 'group', value: toDirectoryGroup(customerId, group) });
}

/** The event that a read has ended. */
export function toReadCompletedRecord(customerId: string, seq: bigint, value: ReadCompleted): OutboxRecord {
  return toRecord(customerId, 'read', seq, { $case: 'readCompleted', value });
}

function toRecord(customerId: string, subject: string, seq: bigint, event: DirectoryEvent['event']): OutboxRecord {
  const value = DirectoryEvent.encode({ customer: `customers/${customerId}`, seq, event }).finish();
  return {
    topic: topics.users,
    partitionKey: customerId,
    key: `${customerId}/${subject}`,
    value: Buffer.from(value),
    headers: { 'content-type': 'application/x-protobuf' },
  };
}
