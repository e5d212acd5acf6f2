import { departments } from './departments.ts';
import type { Department } from './departments.ts';
import { addExampleGroups } from './example-groups.ts';
import { makePerson } from './example-person.ts';
import type { PersonToMake } from './example-person.ts';
import { addressPart, familyNames, givenNames } from './names.ts';
import { makeRandom } from './random.ts';
import type { CustomSchema, DirectoryState, GoogleUser } from './state.ts';
import { makeTroubledPeople } from './troubled-people.ts';
import type { ServiceProviderSeed, TroubledPerson } from './troubled-people.ts';

/** The example company. */
export type ExamplePeople = {
  state: DirectoryState;
  /** The delegated admin, to be impersonated by the service account. */
  adminEmail: string;
  /** The group whose members, direct and nested, should have the app: nine of ten people. */
  accessGroup: string;
  /** Those of them who must fail at the better-auth service provider, and how. */
  troubledPeople: TroubledPerson[];
  /** What that service provider must hold and demand for them to fail. */
  serviceProviderSeed: ServiceProviderSeed;
};

/** How big, and which one. */
export type ExamplePeopleOptions = {
  /** The admin, seven heads and the troubled people among them; at least 20. Default: 1000. */
  users?: number;
  /** At least 10; those beyond are project teams. Default: 12. */
  groups?: number;
  /** Equal seeds make equal people. Default: 1. */
  seed?: number;
  /** Default: `example.com`. */
  domain?: string;
};

/** Makes a company of believable people: the same ones for the same options. */
export function examplePeople(options: ExamplePeopleOptions = {}): ExamplePeople {
  const { users = 1000, groups = 12, seed = 1, domain = 'example.com' } = options;
  const random = makeRandom(seed);
  const customerId = `C0${random.digits(7)}`;
  const state: DirectoryState = { customerId, domain, users: new Map(), groups: new Map(), schemas: [employment] };
  const freeAddress = countAddresses(domain);

  function add(person: Omit<PersonToMake, 'number' | 'givenName' | 'familyName' | 'primaryEmail'>): GoogleUser {
    const given = random.pick(givenNames);
    const family = random.pick(familyNames);
    const primaryEmail = freeAddress(person.isAdmin ? 'admin' : `${addressPart(given)}.${addressPart(family)}`);
    const names = { givenName: given[0], familyName: family[0], primaryEmail };
    const user = makePerson(random, { ...person, ...names, number: state.users.size + 1 });
    state.users.set(user.id, user);
    return user;
  }

  const admin = add({ department: peopleDepartment, title: 'IT Administrator', isAdmin: true, isLeader: true });
  const heads = new Map<Department, GoogleUser>();
  for (const department of departments) {
    const head = add({ department, title: department.head, manager: admin.primaryEmail, isLeader: true });
    heads.set(department, head);
  }
  const { troubledPeople, serviceProviderSeed } = makeTroubledPeople(random, domain, heads);
  while (state.users.size < users - troubledPeople.length) {
    const department = random.weighted(departments, ({ share }) => share);
    add({ department, manager: heads.get(department)!.primaryEmail });
  }
  for (const { user } of troubledPeople) state.users.set(user.id, user);
  const accessGroup = addExampleGroups(state, random, groups);
  return { state, adminEmail: admin.primaryEmail, accessGroup, troubledPeople, serviceProviderSeed };
}

const peopleDepartment = departments.find(({ name }) => name === 'People')!;

const employment: CustomSchema = {
  schemaId: 'Xk3nRBcPQ8uKpQ0cZ1e5aw==',
  schemaName: 'Employment',
  displayName: 'Employment',
  fields: [
    { fieldName: 'contractType', displayName: 'Contract type', fieldType: 'STRING' },
    { fieldName: 'badge', displayName: 'Badge', fieldType: 'STRING' },
  ],
};

/** Gives each wanted address once; the second of a name gets a 2, and so on. */
function countAddresses(domain: string): (wanted: string) => string {
  const given = new Map<string, number>();
  return (wanted) => {
    const times = (given.get(wanted) ?? 0) + 1;
    given.set(wanted, times);
    return `${wanted}${times === 1 ? '' : times}@${domain}`;
  };
}
