import { randomInt } from 'node:crypto';
import { findGroup, findUser } from './state.ts';
import type { DirectoryState, GoogleGroup, GoogleUser, GroupMember } from './state.ts';

/** What a hire needs; the rest of a user is made up. */
export type NewUser = Partial<Omit<GoogleUser, 'name'>> & {
  primaryEmail: string;
  givenName: string;
  familyName: string;
  /** Groups to join, by address or id. */
  groups?: string[];
};

/** An id as Google's: 21 digits, the first of them 1. */
export function newGoogleId(): string {
  const tenDigits = () => String(randomInt(1e10)).padStart(10, '0');
  return `1${tenDigits()}${tenDigits()}`;
}

/** Adds a user, with a title and a department unless told otherwise, and puts them in the named groups. */
export function hire(state: DirectoryState, { givenName, familyName, groups = [], ...rest }: NewUser): GoogleUser {
  const taken = findUser(state, rest.primaryEmail);
  if (taken && !taken.deletionTime) {
    throw new Error(`${rest.primaryEmail} is taken by user ${taken.id}: hire with another address`);
  }
  const user: GoogleUser = {
    id: newGoogleId(),
    name: { givenName, familyName, fullName: `${givenName} ${familyName}` },
    suspended: false,
    archived: false,
    isAdmin: false,
    orgUnitPath: '/',
    creationTime: new Date().toISOString(),
    organizations: [{ primary: true, type: 'work', title: 'New Starter', department: 'Operations' }],
    ...rest,
  };
  state.users.set(user.id, user);
  for (const group of groups) addMember(state, { group, user: user.id });
  return user;
}

/** Replaces the given attributes of a user. */
export function update(
  state: DirectoryState,
  { user, set }: { user: string; set: Partial<Omit<GoogleUser, 'id'>> },
): GoogleUser {
  return Object.assign(demandUser(state, user), set);
}

/** Gives a person another name; the address stays. */
export function rename(
  state: DirectoryState,
  { user: key, ...names }: { user: string; givenName?: string; familyName?: string },
): GoogleUser {
  const user = demandUser(state, key);
  const name = { ...user.name, ...names };
  user.name = { ...name, fullName: `${name.givenName} ${name.familyName}` };
  return user;
}

/** Gives a person another primary address; the old one becomes an alias, as at Google. */
export function changePrimaryAddress(state: DirectoryState, { user: key, to }: { user: string; to: string }) {
  const user = demandUser(state, key);
  user.aliases = [...new Set([...(user.aliases ?? []), user.primaryEmail])].filter((alias) => alias !== to);
  user.primaryEmail = to;
  return user;
}

/** Marks a user deleted and takes them out of every group. The address is free at once, the id never. */
export function deleteUser(state: DirectoryState, { user: key }: { user: string }): GoogleUser {
  const user = demandUser(state, key);
  user.deletionTime = new Date().toISOString();
  for (const group of state.groups.values()) group.members = group.members.filter(({ id }) => id !== user.id);
  return user;
}

/** Brings a deleted user back, in no group. Throws when somebody else has the address by now, as Google refuses. */
export function undeleteUser(state: DirectoryState, { user: key }: { user: string }): GoogleUser {
  const user = state.users.get(key);
  if (!user?.deletionTime) throw new Error(`no deleted user ${key} in ${state.domain}: give the id of one`);
  const taken = findUser(state, user.primaryEmail);
  if (taken && !taken.deletionTime)
    throw new Error(`${user.primaryEmail} is taken by user ${taken.id}: rename that one first`);
  delete user.deletionTime;
  return user;
}

/** Whom to put in a group, or to take out. */
export type MemberChange = {
  group: string;
  user?: string;
  nested?: string;
  everybody?: boolean;
  /** Somebody, or a group, of another organisation. */
  external?: Omit<GroupMember, 'email'> & { email: string };
};

/** Puts a user, a nested group, everybody (`everybody: true`) or an outsider in a group. */
export function addMember(state: DirectoryState, { group: key, ...who }: MemberChange): GoogleGroup {
  const group = demandGroup(state, key);
  const member = memberOf(state, who);
  if (!group.members.some(({ id }) => id === member.id)) group.members.push(member);
  return group;
}

/** Takes a user, a nested group, everybody or an outsider out of a group. */
export function removeMember(state: DirectoryState, { group: key, ...who }: MemberChange): GoogleGroup {
  const group = demandGroup(state, key);
  const gone = memberOf(state, who).id;
  group.members = group.members.filter(({ id }) => id !== gone);
  return group;
}

/** Makes a group without members. */
export function addGroup(
  state: DirectoryState,
  { email, name = email, id = `0${newGoogleId().slice(0, 14)}` }: { email: string; name?: string; id?: string },
): GoogleGroup {
  const group: GoogleGroup = { id, email, name, members: [] };
  state.groups.set(group.id, group);
  return group;
}

/** Removes a group, also from the groups it was nested in. */
export function deleteGroup(state: DirectoryState, { group: key }: { group: string }): GoogleGroup {
  const gone = demandGroup(state, key);
  state.groups.delete(gone.id);
  for (const group of state.groups.values()) group.members = group.members.filter(({ id }) => id !== gone.id);
  return gone;
}

/** Makes it the directory of another Google customer: everybody who was in a group still is. */
export function setCustomerId(state: DirectoryState, { customerId }: { customerId: string }): void {
  for (const { members } of state.groups.values()) {
    for (const member of members) if (member.type === 'CUSTOMER') member.id = customerId;
  }
  state.customerId = customerId;
}

function memberOf(state: DirectoryState, who: Omit<MemberChange, 'group'>): GroupMember {
  if (who.user) return { type: 'USER', id: demandUser(state, who.user).id };
  if (who.nested) return { type: 'GROUP', id: demandGroup(state, who.nested).id };
  if (who.everybody) return { type: 'CUSTOMER', id: state.customerId };
  if (who.external) return who.external;
  throw new Error('name the member: give user, nested, everybody or external');
}

function demandUser(state: DirectoryState, key: string): GoogleUser {
  const user = findUser(state, key);
  if (!user || user.deletionTime)
    throw new Error(`no user ${key} in ${state.domain}: give an id or address that exists`);
  return user;
}

function demandGroup(state: DirectoryState, key: string): GoogleGroup {
  const group = findGroup(state, key);
  if (!group) throw new Error(`no group ${key} in ${state.domain}: give an id or address that exists`);
  return group;
}
