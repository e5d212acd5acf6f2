import { demandedAccounts } from '@autoprov/testing';
import type { ExamplePeople, GoogleUser, Network } from '@autoprov/testing';

/** Something that happens to one person and must arrive as one write. */
export type DirectoryChange = {
  title: string;
  /** The SCIM methods that may carry it. */
  methods: string[];
  /** Makes it happen. */
  happen(): unknown;
};

/** A hire, a rename, a new primary address, a suspension, a return, a leaver and a deletion, to happen in this order. */
export function directoryChanges({ directory, people }: Network): { changes: DirectoryChange[]; losers: string[] } {
  const change = ['PATCH', 'PUT'];
  const { domain } = people.state;
  const [renamed, moved, suspended, leaver, deleted] = pickPlainPeople(people);
  const group = groupOf(people, leaver!);
  const primaryEmail = `nora.newcomer@${domain}`;
  const hired = { primaryEmail, givenName: 'Nora', familyName: 'Newcomer', groups: [group] };
  const changes: DirectoryChange[] = [
    { title: 'a hire', methods: ['POST'], happen: () => directory.run({ do: 'hire', ...hired }) },
    {
      title: 'a rename',
      methods: change,
      happen: () => directory.run({ do: 'rename', user: renamed!.id, familyName: 'Newname' }),
    },
    {
      title: 'a new primary address',
      methods: change,
      happen: () => directory.run({ do: 'changePrimaryAddress', user: moved!.id, to: `new.address@${domain}` }),
    },
    { title: 'a suspension', methods: change, happen: () => directory.run({ do: 'suspend', user: suspended!.id }) },
    { title: 'a return', methods: change, happen: () => directory.run({ do: 'unsuspend', user: suspended!.id }) },
    {
      title: 'a leaver',
      methods: change,
      happen: () => directory.run({ do: 'removeMember', group, user: leaver!.id }),
    },
    { title: 'a deletion', methods: ['DELETE'], happen: () => directory.run({ do: 'delete', user: deleted!.id }) },
  ];
  return { changes, losers: [leaver!.id, deleted!.id] };
}

/** Five people with an account whom nobody names as manager and who give no trouble. */
function pickPlainPeople(people: ExamplePeople): GoogleUser[] {
  const { state, accessGroup, troubledPeople } = people;
  const users = [...state.users.values()];
  const managers = new Set(users.flatMap(({ relations = [] }) => relations.map(({ value }) => value)));
  const troubled = new Set(troubledPeople.map(({ user }) => user.id));
  const provisioned = new Set(
    demandedAccounts(state, { groups: [accessGroup] })
      .filter(({ must }) => must === 'active')
      .map(({ externalId }) => externalId),
  );
  const plain = users.filter(
    ({ id, primaryEmail, isAdmin }) =>
      provisioned.has(id) && !troubled.has(id) && !managers.has(primaryEmail) && !isAdmin,
  );
  if (plain.length < 5) throw new Error('too few people for the changes: give --users 50 or more');
  return plain.slice(0, 5);
}

/** The group by which a person is in the access group. */
function groupOf({ state, accessGroup }: ExamplePeople, user: GoogleUser): string {
  const groups = [...state.groups.values()].filter(({ members }) => members.some(({ id }) => id === user.id));
  const giving = groups.find((group) => {
    const without = demandedAccounts(
      { ...state, groups: new Map([...state.groups].filter(([id]) => id !== group.id)) },
      { groups: [accessGroup] },
    );
    return without.find(({ externalId }) => externalId === user.id)?.must !== 'active';
  });
  if (!giving)
    throw new Error(`${user.primaryEmail} is in the access group by more than one group: pick somebody else`);
  return giving.email;
}
