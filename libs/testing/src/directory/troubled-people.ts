import type { Department } from './departments.ts';
import { makePerson } from './example-person.ts';
import type { Random } from './random.ts';
import type { GoogleUser } from './state.ts';

/** Somebody of the example company whose provisioning must fail in a known way at the better-auth service provider. */
export type TroubledPerson = {
  user: GoogleUser;
  /** The code of the error model. */
  code: '45003' | '45006' | '45016';
  reason: 'VALUE_TOO_LONG' | 'INVALID_VALUE' | 'DUPLICATE' | 'MISSING_REQUIRED';
  /** What the service provider says; absent: we find it out ourselves and send nothing. */
  says?: string;
  why: string;
};

/** What a service provider holds and demands before the first sync. */
export type ServiceProviderSeed = {
  /** Accounts another provisioner made by SCIM. */
  accounts: { externalId: string; userName: string; displayName: string }[];
  /** People who signed up there by themselves: no SCIM query shows them, but their address is taken. */
  signedUp: { email: string; name: string }[];
  /** Attributes without which it creates no account. */
  requiredAttributes: string[];
};

/**
 * Makes five people, each of whom Google accepts and the service provider refuses (measured with @better-auth/scim
 * 1.7.5), in departments with access. `says` is the answer's `detail`.
 */
export function makeTroubledPeople(
  random: Random,
  domain: string,
  heads: Map<Department, GoogleUser>,
): { troubledPeople: TroubledPerson[]; serviceProviderSeed: ServiceProviderSeed } {
  const [department, head] = [...heads][0]!;
  let number = 90_000;
  const make = (givenName: string, familyName: string, local: string, title?: string) =>
    makePerson(random, {
      number: number++,
      givenName,
      familyName,
      department,
      primaryEmail: `${local}@${domain}`,
      manager: head.primaryEmail,
      isLeader: true,
      ...(title !== undefined && { title }),
    });

  const tooLong = make('Theodora', 'Langley-Featherstonehaugh', 'theodora.langley', jobAdvertisement);
  const oddAddress = make('Kaleo', 'Kealohaʻ', "kaleo.kealoha'");
  const foreignAccount = make('Ines', "O'Hara", "ines.o'hara");
  const signedUp = make('Bjarne', 'Østergård', 'bjarne.ostergard');
  const untitled = make('Marisol', 'Sintítulo', 'marisol.sintitulo');
  delete untitled.organizations?.[0]?.title;
  return {
    troubledPeople: [
      {
        user: tooLong,
        code: '45006',
        reason: 'VALUE_TOO_LONG',
        says: '[body.title] Too big: expected string to have <=1024 characters',
        why: 'An HR import put a whole job advertisement into the title.',
      },
      {
        user: oddAddress,
        code: '45006',
        reason: 'INVALID_VALUE',
        says: '[body.emails.0.value] Invalid email address',
        why: 'Google allows an address that ends in an apostrophe, the service provider does not.',
      },
      {
        user: foreignAccount,
        code: '45003',
        reason: 'DUPLICATE',
        why: 'The account with this userName carries the externalId of another provisioner.',
      },
      {
        user: signedUp,
        code: '45003',
        reason: 'DUPLICATE',
        says: 'A Better Auth User already uses this email',
        why: 'This person signed up by themselves before; SCIM does not show such accounts.',
      },
      {
        user: untitled,
        code: '45016',
        reason: 'MISSING_REQUIRED',
        says: "Required attribute 'title' is missing",
        why: 'The service provider demands a title, the directory has none.',
      },
    ],
    serviceProviderSeed: {
      accounts: [
        {
          externalId: 'legacy-hr-4711',
          userName: foreignAccount.primaryEmail,
          displayName: foreignAccount.name.fullName,
        },
      ],
      signedUp: [{ email: signedUp.primaryEmail, name: signedUp.name.fullName }],
      requiredAttributes: ['title'],
    },
  };
}

/** Longer than 1024 characters. */
const jobAdvertisement = `Senior Software Engineer. ${'You design, build and run services that thousands of people rely on. '.repeat(16).trim()}`;
