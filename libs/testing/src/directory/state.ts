/** A user of the example directory: Google's users resource (Admin SDK Directory API), as far as provisioning reads it. */
export type GoogleUser = {
  /** 21 digits, never reused. */
  id: string;
  primaryEmail: string;
  name: { givenName: string; familyName: string; fullName: string; displayName?: string };
  suspended: boolean;
  archived: boolean;
  isAdmin: boolean;
  /** For example `/Engineering/Platform`. */
  orgUnitPath: string;
  /** ISO 8601. */
  creationTime: string;
  /** ISO 8601; set once the user is deleted. */
  deletionTime?: string;
  aliases?: string[];
  organizations?: {
    primary?: boolean;
    type?: string;
    name?: string;
    title?: string;
    department?: string;
    costCenter?: string;
    description?: string;
  }[];
  phones?: { type: string; value: string; primary?: boolean }[];
  /** A manager is named by address: `{ type: 'manager', value: 'ada@example.com' }`. */
  relations?: { type: string; value: string }[];
  externalIds?: { type: string; value: string }[];
  languages?: { languageCode: string; preference?: string }[];
  addresses?: { type: string; locality?: string; region?: string; countryCode?: string; postalCode?: string }[];
  customSchemas?: Record<string, Record<string, unknown>>;
};

/**
 * Who is in a group: a user or a nested group by id, or everybody (`CUSTOMER`). Those of other organisations have an
 * address here, and are of type `EXTERNAL`, which is shown without an id, where they have no Google account.
 */
export type GroupMember = { type: 'USER' | 'GROUP' | 'CUSTOMER' | 'EXTERNAL'; id: string; email?: string };

/** A group of the example directory. */
export type GoogleGroup = { id: string; email: string; name: string; members: GroupMember[] };

/** A custom schema (Admin SDK Directory API, schemas). */
export type CustomSchema = {
  schemaId: string;
  schemaName: string;
  displayName: string;
  fields: { fieldName: string; displayName: string; fieldType: string; multiValued?: boolean }[];
};

/** Everything an example Google customer consists of. Deleted users stay, with their deletionTime, as at Google. */
export type DirectoryState = {
  /** For example `C03x8q2n1`. */
  customerId: string;
  domain: string;
  users: Map<string, GoogleUser>;
  groups: Map<string, GoogleGroup>;
  schemas: CustomSchema[];
};

/** The user with that id, primary address or alias; deleted ones only by id or by the address they had. */
export function findUser(state: DirectoryState, key: string): GoogleUser | undefined {
  const byId = state.users.get(key);
  if (byId) return byId;
  const address = key.toLowerCase();
  let deleted: GoogleUser | undefined;
  for (const user of state.users.values()) {
    if (user.primaryEmail.toLowerCase() !== address && !user.aliases?.some((a) => a.toLowerCase() === address))
      continue;
    if (!user.deletionTime) return user;
    deleted ??= user;
  }
  return deleted;
}

/** The group with that id or address. */
export function findGroup(state: DirectoryState, key: string): GoogleGroup | undefined {
  const address = key.toLowerCase();
  return state.groups.get(key) ?? [...state.groups.values()].find((group) => group.email.toLowerCase() === address);
}
