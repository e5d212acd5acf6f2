/**
 * The fields of Google's users resource that are read: one fixed list, so that a changed mapping never needs another
 * read and every reader of an event finds the same. Admin SDK Directory API, REST resource "users".
 *
 * `etag` and login times are left out: they change without anything of the rest changing, and would push everybody.
 * Secrets, recovery addresses and gender are left out because nobody provisions by them.
 */
export const userFields = [
  'id',
  'primaryEmail',
  'name',
  'suspended',
  'suspensionReason',
  'archived',
  'deletionTime',
  'orgUnitPath',
  'emails',
  'aliases',
  'nonEditableAliases',
  'organizations',
  'phones',
  'addresses',
  'externalIds',
  'relations',
  'languages',
  'locations',
  'websites',
  'thumbnailPhotoUrl',
  'creationTime',
  'customSchemas',
] as const;

/** `fields` of users.get. */
export const userFieldMask = userFields.join(',');

/** `fields` of users.list: without nextPageToken Google would leave that out too, and the list would end early. */
export const usersPageFieldMask = `nextPageToken,users(${userFieldMask})`;

/** `fields` of members.list. */
export const membersPageFieldMask = 'nextPageToken,members(id,email,type)';

/** `fields` of orgunits.list. */
export const orgUnitsFieldMask = 'organizationUnits(name,orgUnitPath,parentOrgUnitPath)';

/** `fields` of groups.list. */
export const groupsFieldMask = 'groups(id,email,name)';
