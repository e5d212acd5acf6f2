import type { Department } from './departments.ts';
import type { Random } from './random.ts';
import type { GoogleUser } from './state.ts';

/** What is fixed about an example person; the rest is chosen. */
export type PersonToMake = {
  /** Counts people from 1: badge and employee number come of it. */
  number: number;
  givenName: string;
  familyName: string;
  primaryEmail: string;
  department: Department;
  /** Default: one of the department's. */
  title?: string;
  /** The manager's address. */
  manager?: string;
  /** Leaders are never suspended or archived. */
  isLeader?: boolean;
  isAdmin?: boolean;
};

const company = 'Example Instruments Ltd';
const languages = ['en-GB', 'en-US', 'de', 'fr', 'es', 'pl', 'ja'];

/** Makes one believable person; phone numbers are of the ranges kept for fiction (Ofcom). */
export function makePerson(random: Random, person: PersonToMake): GoogleUser {
  const { department, number, givenName, familyName } = person;
  const isContractor = department.name === 'Contractors';
  return {
    id: `1${random.digits(20)}`,
    primaryEmail: person.primaryEmail,
    name: { givenName, familyName, fullName: `${givenName} ${familyName}` },
    suspended: !person.isLeader && random.chance(0.02),
    archived: !person.isLeader && random.chance(0.01),
    isAdmin: person.isAdmin ?? false,
    orgUnitPath: department.orgUnitPath,
    creationTime: new Date(Date.UTC(2016, 0, random.integer(3600))).toISOString(),
    organizations: [
      {
        primary: true,
        type: 'work',
        name: company,
        title: person.title ?? random.pick(department.titles),
        department: department.name,
        costCenter: department.costCenter,
        description: isContractor ? 'Contractor' : 'Employee',
      },
    ],
    phones: [
      { type: 'work', value: `+44 20 7946 0${random.digits(3)}`, primary: true },
      ...(random.chance(0.4) ? [{ type: 'mobile', value: `+44 7700 900${random.digits(3)}` }] : []),
    ],
    externalIds: [{ type: 'organization', value: String(10_000 + number) }],
    languages: [{ languageCode: random.pick(languages), preference: 'preferred' }],
    customSchemas: {
      Employment: {
        contractType: isContractor ? 'contractor' : random.pick(['permanent', 'permanent', 'fixed-term', 'intern']),
        badge: `B-${String(number).padStart(6, '0')}`,
      },
    },
    ...(person.manager && { relations: [{ type: 'manager', value: person.manager }] }),
    ...(random.chance(0.05) && { aliases: [`badge.${number}@${person.primaryEmail.split('@')[1]}`] }),
  };
}
