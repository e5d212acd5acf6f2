import { findGroup } from '../directory/state.ts';
import type { DirectoryState, GoogleUser } from '../directory/state.ts';

/** What becomes of the account of somebody who should no longer have one. */
export type Deprovisioning = 'keep' | 'suspend' | 'delete';

/** The part of a provisioning setup that decides what must be at the service provider; the mapping is the default one. */
export type DemandedSetup = {
  /** Groups by address or id, nested ones count; absent or empty: everybody. */
  groups?: string[];
  /** What has happened once all waiting times are over. Default: suspend for all four. */
  deprovisioning?: {
    outOfScope?: Deprovisioning;
    suspended?: Deprovisioning;
    archived?: Deprovisioning;
    deleted?: Deprovisioning;
  };
  /** Ids of people who had an account before and now must have a suspended one, if the policy says suspend. */
  provisionedBefore?: Iterable<string>;
  /** Ids of people whose account the service provider refuses. */
  refused?: Iterable<string>;
};

/** The attributes of the default mapping, flat; a key that is absent must be absent or empty at the service provider. */
export type DemandedAttributes = {
  userName: string;
  workEmail: string;
  givenName: string;
  familyName: string;
  formatted: string;
  displayName: string;
  title?: string;
  department?: string;
  costCenter?: string;
  organization?: string;
  employeeNumber?: string;
  workPhone?: string;
  preferredLanguage?: string;
};

/** What must be at the service provider for one directory user. */
export type DemandedAccount = {
  /** Google's id. */
  externalId: string;
  /** For people to read. */
  primaryEmail: string;
  /**
   * `active`: exactly one, with these attributes. `suspended`: exactly one, active false. `not-active`: none or a
   * suspended one. `absent`: none. `any`: not judged.
   */
  must: 'active' | 'suspended' | 'not-active' | 'absent' | 'any';
  attributes: DemandedAttributes;
  /** Google's id of the manager, when the directory knows them. */
  managerId?: string;
};

/**
 * What the service provider must contain for a directory, by our reading of the design and of nothing else: this shares
 * no code with what it judges.
 */
export function demandedAccounts(state: DirectoryState, setup: DemandedSetup = {}): DemandedAccount[] {
  const inScope = setup.groups?.length ? peopleIn(state, setup.groups) : new Set(state.users.keys());
  const before = new Set(setup.provisionedBefore);
  const refused = new Set(setup.refused);
  const idByAddress = new Map([...state.users.values()].flatMap((user) => addressesOf(user).map((a) => [a, user.id])));
  return [...state.users.values()].map((user) => {
    const managerAddress = user.relations?.find(({ type }) => type === 'manager')?.value.toLowerCase();
    const managerId = managerAddress === undefined ? undefined : idByAddress.get(managerAddress);
    return {
      externalId: user.id,
      primaryEmail: user.primaryEmail,
      must: refused.has(user.id) ? 'absent' : demand(user, inScope.has(user.id), before.has(user.id), setup),
      attributes: attributesOf(user),
      ...(managerId !== undefined && { managerId }),
    };
  });
}

function demand(
  user: GoogleUser,
  inScope: boolean,
  hadAccount: boolean,
  setup: DemandedSetup,
): DemandedAccount['must'] {
  const { deleted, suspended, archived, outOfScope } = setup.deprovisioning ?? {};
  // Whoever is deleted is out of every group too; that is not a trigger of its own.
  const triggered = user.deletionTime
    ? [deleted ?? 'suspend']
    : [
        ...(user.suspended ? [suspended ?? 'suspend'] : []),
        ...(user.archived ? [archived ?? 'suspend'] : []),
        ...(inScope ? [] : [outOfScope ?? 'suspend']),
      ];
  if (triggered.length === 0) return 'active';
  if (triggered.includes('delete')) return 'absent';
  if (triggered.includes('suspend')) return hadAccount ? 'suspended' : 'not-active';
  return 'any';
}

/** The ids of the people in some groups; a group within itself is visited once. */
function peopleIn(state: DirectoryState, keys: string[]): Set<string> {
  const people = new Set<string>();
  const toVisit = keys.flatMap((key) => findGroup(state, key) ?? []);
  const visited = new Set<string>();
  for (let group = toVisit.pop(); group; group = toVisit.pop()) {
    if (visited.has(group.id)) continue;
    visited.add(group.id);
    for (const { id, type } of group.members) {
      if (type === 'USER') people.add(id);
      if (type === 'GROUP') toVisit.push(...[state.groups.get(id) ?? []].flat());
      if (type === 'CUSTOMER') for (const everybody of state.users.keys()) people.add(everybody);
    }
  }
  return people;
}

/** The default mapping's rows, done by hand. */
function attributesOf(user: GoogleUser): DemandedAttributes {
  const { organizations = [], externalIds = [], phones = [], languages = [], name } = user;
  const work = organizations.find((o) => o.primary) ?? organizations.find((o) => o.type === 'work') ?? organizations[0];
  const optional = {
    title: work?.title,
    department: work?.department,
    costCenter: work?.costCenter,
    organization: work?.name,
    employeeNumber: externalIds.find(({ type }) => type === 'organization')?.value,
    workPhone: phones.find(({ type }) => type === 'work')?.value,
    preferredLanguage: languages.find(({ preference }) => preference === 'preferred')?.languageCode,
  };
  return {
    userName: user.primaryEmail,
    workEmail: user.primaryEmail,
    givenName: name.givenName,
    familyName: name.familyName,
    formatted: name.fullName,
    displayName: name.displayName || name.fullName || `${name.givenName} ${name.familyName}`,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value)),
  };
}

function addressesOf({ primaryEmail, aliases = [] }: GoogleUser): string[] {
  return [primaryEmail, ...aliases].map((address) => address.toLowerCase());
}
