import type { GroupMember } from './decide-group.ts';

/** What is known of one person and one pushed group. */
export type MembershipSituation = {
  /** In the directory. */
  isInGroup: boolean;
  /** At the service provider. */
  state: GroupMember['state'];
  /** The person should have an account, as far as scope and directory go. */
  isInScope: boolean;
  hasAccess: boolean;
  /** The guard holds the loss of it. */
  isHeld: boolean;
};

/** What is so or comes next, and why, in a sentence. */
export function explainMembership({ isInGroup, state, isInScope, hasAccess, isHeld }: MembershipSituation): string {
  if (!isInGroup) {
    return isHeld
      ? 'no longer in the group; taken out when it is approved: the guard holds it'
      : 'no longer in the group: to be taken out';
  }
  if (state === 'member') return hasAccess ? 'a member' : 'a member, by an account without access';
  if (!isInScope) return 'in the group, and no member: out of scope, or without access by the directory';
  if (!hasAccess) return 'in the group, and added once there is an active account';
  return state === 'sent' ? 'to be added, or there already: an answer was lost' : 'to be added';
}
