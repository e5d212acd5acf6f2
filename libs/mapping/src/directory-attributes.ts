import type { JsonObject } from '@autoprov/scim';

/** What an attribute of Google's users resource holds. */
export type DirectoryType = 'text' | 'flag' | 'texts' | 'objects' | 'object';

/**
 * The attributes of Google's users resource (Admin SDK Directory API, REST resource "users") that are read from the
 * directory, and what each holds. directory-reader's field-mask.ts is the list; a test there compares both.
 */
export const directoryAttributes: Readonly<Record<string, DirectoryType>> = {
  id: 'text',
  primaryEmail: 'text',
  name: 'object',
  suspended: 'flag',
  suspensionReason: 'text',
  archived: 'flag',
  deletionTime: 'text',
  orgUnitPath: 'text',
  emails: 'objects',
  aliases: 'texts',
  nonEditableAliases: 'texts',
  organizations: 'objects',
  phones: 'objects',
  addresses: 'objects',
  externalIds: 'objects',
  relations: 'objects',
  languages: 'objects',
  locations: 'objects',
  websites: 'objects',
  thumbnailPhotoUrl: 'text',
  creationTime: 'text',
  customSchemas: 'object',
};

/** A person as Google answers, with every attribute that expressions are tried on before they are stored. */
export const sampleUser: JsonObject = {
  id: '103459873459872348',
  primaryEmail: 'ada@example.com',
  name: { givenName: 'Ada', familyName: 'Lovelace', fullName: 'Ada Lovelace', displayName: 'Ada Lovelace' },
  suspended: false,
  archived: false,
  orgUnitPath: '/Engineering/Analysis',
  emails: [{ address: 'ada@example.com', type: 'work', primary: true }],
  aliases: ['ada.lovelace@example.com', 'al@example.com'],
  nonEditableAliases: ['ada@example.com.test-google-a.com'],
  organizations: [
    { name: 'Example', title: 'Engineer', department: 'R&D', costCenter: '7', primary: true, type: 'work' },
  ],
  phones: [{ value: '+43 1 2345', type: 'work' }],
  addresses: [{ type: 'work', formatted: 'Main Street 1', locality: 'Vienna', countryCode: 'AT' }],
  externalIds: [{ value: 'E-42', type: 'organization' }],
  relations: [{ value: 'boss@example.com', type: 'manager' }],
  languages: [{ languageCode: 'en', preference: 'preferred' }],
  locations: [{ type: 'desk', area: 'desk', buildingId: 'HQ', floorName: '2' }],
  websites: [{ value: 'https://example.com/ada', type: 'profile' }],
  thumbnailPhotoUrl: 'https://example.com/ada.jpg',
  creationTime: '2024-01-15T08:00:00.000Z',
};
