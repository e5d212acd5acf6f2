import { RpcError, status } from '@autoprov/grpc';
import {
  MembershipEdge_MemberKind,
  type ExplainMembershipRequest,
  type ExplainMembershipResponse,
  type Membership,
  type MembershipEdge as EdgeMessage,
} from '@autoprov/proto';
import type { ReaderContext } from '../context.ts';
import { groupKeyOf } from '../domain/interests.ts';
import { explainMembership as explain, walkMembership, type MembershipEdge } from '../domain/membership.ts';
import { findCustomer } from '../store/customers.ts';
import { findGroup, type GroupOfInterest } from '../store/interests.ts';
import { listMembershipEdges, listReachedGroups } from '../store/memberships.ts';
import type { MirrorUser } from '../store/users.ts';
import { findMirrorUser } from './find-mirror-user.ts';
import { requireUserName } from './names.ts';

const kinds: Record<MembershipEdge['kind'], MembershipEdge_MemberKind> = {
  user: MembershipEdge_MemberKind.MEMBER_KIND_USER,
  group: MembershipEdge_MemberKind.MEMBER_KIND_GROUP,
  everybody: MembershipEdge_MemberKind.MEMBER_KIND_EVERYBODY,
};

/** Answers from the mirror by which way a user is in a group of interest, or what was looked at in vain. */
export async function explainMembership(
  context: ReaderContext,
  request: ExplainMembershipRequest,
): Promise<ExplainMembershipResponse> {
  const { customerId, userId } = requireUserName('name', request.name);
  const user = await findMirrorUser(context, customerId, userId);
  if (!user) throw notFound('no such user in the mirror: check the id or address, or ask for a read first');
  const group = await findGroup(context.pool, customerId, request.group);
  if (!group) throw notFound('no setup names this group, so its members are not read: name it in a scope first');
  return { membership: await composeMembership(context, customerId, user, group) };
}

async function composeMembership(
  { pool }: ReaderContext,
  customerId: string,
  user: MirrorUser,
  group: GroupOfInterest,
): Promise<Membership> {
  const groupKey = groupKeyOf(group.name);
  const edges = await listMembershipEdges(pool, customerId, groupKey, user.id);
  const reached = await listReachedGroups(pool, customerId, groupKey);
  const lastReadNo = (await findCustomer(pool, customerId))?.lastReadNo ?? 0n;
  const { depths, path } = walkMembership(groupKey, edges);
  const labels = new Map(edges.filter(({ memberEmail }) => memberEmail).map((e) => [e.memberKey, e.memberEmail]));
  const labelOf = (key: string) => (key === groupKey ? group.name : (labels.get(key) ?? key));
  const wholeReadNos = new Map(reached.map((one) => [one.groupKey, one.wholeReadNo]));
  const groups = [...depths].map(([key, depth]) => {
    const completeReadNo = wholeReadNos.get(key) ?? 0n;
    return {
      group: labelOf(key),
      depth,
      completeReadNo,
      complete: completeReadNo > 0n && completeReadNo >= lastReadNo,
    };
  });
  const isDeleted = user.state === 'deleted';
  const isMember = !isDeleted && user.groups.includes(group.name);
  const incompleteCount = groups.filter(({ complete }) => !complete).length;
  const known = { missing: group.missing, everWhole: group.wholeTime !== null, groupCount: groups.length };
  return {
    user: `customers/${customerId}/users/${user.id}`,
    group: group.name,
    isMember,
    explanation: explain({ isMember, isDeleted, path, incompleteCount, ...known }),
    path: isDeleted ? [] : (path ?? []).map((edge) => toMessage(edge, user.id, labelOf)),
    completeTime: group.wholeTime ?? undefined,
    groups,
  };
}

function toMessage(edge: MembershipEdge, userId: string, labelOf: (key: string) => string): EdgeMessage {
  const members = { user: userId, group: labelOf(edge.memberKey), everybody: '' };
  return { group: labelOf(edge.groupKey), memberKind: kinds[edge.kind], member: members[edge.kind] };
}

function notFound(message: string): RpcError {
  return new RpcError(status.NOT_FOUND, 'RESOURCE_NOT_FOUND', message);
}
