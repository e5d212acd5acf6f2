import type { ExamplePeople } from './example-people.ts';
import type { DirectoryState, GoogleGroup, GoogleUser } from './state.ts';

/** How big. */
export type PlainPeopleOptions = {
  users: number;
  groups?: number;
  /** Direct members of each group; person after person, beginning again at the end. */
  membersPerGroup?: number;
  domain?: string;
};

/**
 * People of no interest but their number, for measurements: `user000001@…`, groups `group001@…`, and `admin@…`, who is
 * one of the users. Ten thousand users in 200 groups of 50 are read in 220 requests.
 */
export function plainPeople(options: PlainPeopleOptions): DirectoryState {
  const { users, groups = 0, membersPerGroup = 0, domain = 'example.com' } = options;
  const all = Array.from({ length: users }, (_, index) => makePlainUser(index, domain));
  return {
    customerId: 'C0plain01',
    domain,
    users: new Map(all.map((user) => [user.id, user])),
    groups: new Map(
      Array.from({ length: groups }, (_, index): [string, GoogleGroup] => {
        const name = `group${String(index + 1).padStart(3, '0')}`;
        const id = `0plain${String(index).padStart(9, '0')}`;
        const members = Array.from({ length: membersPerGroup }, (_, place) => {
          const user = all[(index * membersPerGroup + place) % users]!;
          return { type: 'USER' as const, id: user.id };
        });
        return [id, { id, email: `${name}@${domain}`, name, members }];
      }),
    ),
    schemas: [],
  };
}

/** Plain people as a network takes them: the first group is the access group, nobody has to fail. */
export function plainCompany(options: PlainPeopleOptions): ExamplePeople {
  const state = plainPeople(options);
  const [first] = state.groups.values();
  const serviceProviderSeed = { accounts: [], signedUp: [], requiredAttributes: [] };
  const adminEmail = `admin@${state.domain}`;
  return { state, adminEmail, accessGroup: first?.email ?? '', troubledPeople: [], serviceProviderSeed };
}

function makePlainUser(index: number, domain: string): GoogleUser {
  const number = String(index + 1).padStart(6, '0');
  const isAdmin = index === 0;
  return {
    id: `100000000000000${number}`,
    primaryEmail: `${isAdmin ? 'admin' : `user${number}`}@${domain}`,
    name: { givenName: 'Given', familyName: `Family${number}`, fullName: `Given Family${number}` },
    suspended: false,
    archived: false,
    isAdmin,
    orgUnitPath: '/',
    creationTime: '2020-01-01T00:00:00.000Z',
    organizations: [{ primary: true, title: 'Employee', department: `Department ${index % 20}` }],
  };
}
