import { schemaAttribute, type SchemaAttribute } from './schema-attribute.ts';
import { enterpriseUserUrn } from './urns.ts';

type Differing = Partial<Omit<SchemaAttribute, 'path' | 'description'>>;
type Row = readonly [path: string, description: string, differing?: Differing];

const complex: Differing = { type: 'complex' };
const list: Differing = { type: 'complex', multiValued: true };
const readOnly: Differing = { mutability: 'readOnly' };
const workHomeOther = ['work', 'home', 'other'];

/** The parts that nearly every list has (RFC 7643 §2.4). */
function listParts(path: string, what: string, types: string[], value: Differing = {}): Row[] {
  return [
    [`${path}.value`, what, value],
    [`${path}.display`, `${what}, for people`],
    [`${path}.type`, 'What it is for', { canonicalValues: types }],
    [`${path}.primary`, 'Whether it is the preferred one', { type: 'boolean' }],
  ];
}

/** Every resource has these (RFC 7643 §3.1), although no schema lists them. */
const common: readonly Row[] = [
  ['id', "The service provider's own id", { ...readOnly, uniqueness: 'server' }],
  ['externalId', "The id in the directory: the client's own key"],
];

/** RFC 7643 §4.1 and §8.7.1. */
const user: readonly Row[] = [
  ['userName', 'Unique name to sign in with', { required: true, uniqueness: 'server' }],
  ['name', "The parts of the person's name", complex],
  ['name.formatted', 'The whole name'],
  ['name.familyName', 'Last name'],
  ['name.givenName', 'First name'],
  ['name.middleName', 'Middle names'],
  ['name.honorificPrefix', 'Title before the name'],
  ['name.honorificSuffix', 'Suffix after the name'],
  ['displayName', 'The name that others see'],
  ['nickName', 'How the person is addressed'],
  ['profileUrl', 'A page about the person', { type: 'reference' }],
  ['title', 'Job title'],
  ['userType', 'Relation to the organization, such as Employee or Contractor'],
  ['preferredLanguage', 'Preferred languages, as in Accept-Language'],
  ['locale', 'For formats of dates, numbers and currencies, such as en-US'],
  ['timezone', 'Time zone, such as Europe/Vienna'],
  ['active', 'Whether the person may use the account', { type: 'boolean' }],
  ['password', 'The password', { mutability: 'writeOnly' }],
  ['emails', 'E-mail addresses', list],
  ...listParts('emails', 'E-mail address', workHomeOther),
  ['phoneNumbers', 'Phone numbers', list],
  ...listParts('phoneNumbers', 'Phone number', ['work', 'home', 'mobile', 'fax', 'pager', 'other']),
  ['ims', 'Instant messaging addresses', list],
  ...listParts('ims', 'Instant messaging address', ['aim', 'gtalk', 'icq', 'xmpp', 'msn', 'skype', 'qq', 'yahoo']),
  ['photos', 'Photos', list],
  ...listParts('photos', 'URL of a photo', ['photo', 'thumbnail'], { type: 'reference' }),
  ['addresses', 'Postal addresses', list],
  ['addresses.formatted', 'The whole address'],
  ['addresses.streetAddress', 'Street and number'],
  ['addresses.locality', 'City'],
  ['addresses.region', 'State or region'],
  ['addresses.postalCode', 'Postal code'],
  ['addresses.country', 'Country, ISO 3166-1 alpha-2'],
  ['addresses.type', 'What it is for', { canonicalValues: workHomeOther }],
  ['addresses.primary', 'Whether it is the preferred one', { type: 'boolean' }],
  ['groups', 'Groups the person is in', { ...list, ...readOnly }],
  ['groups.value', 'Id of a group', readOnly],
  ['groups.$ref', 'URL of a group', { ...readOnly, type: 'reference' }],
  ['groups.display', 'Name of a group', readOnly],
  ['groups.type', 'How the person is in it', { ...readOnly, canonicalValues: ['direct', 'indirect'] }],
  ['entitlements', 'What the person may have', list],
  ...listParts('entitlements', 'Entitlement', []),
  ['roles', 'Roles', list],
  ...listParts('roles', 'Role', []),
  ['x509Certificates', 'Certificates', list],
  ...listParts('x509Certificates', 'Certificate, DER in base64', [], { type: 'binary' }),
];

/** RFC 7643 §4.3 and §8.7.1. */
const enterprise: readonly Row[] = [
  ['employeeNumber', 'Personnel number'],
  ['costCenter', 'Cost center'],
  ['organization', 'Organization'],
  ['division', 'Division'],
  ['department', 'Department'],
  ['manager', "The person's manager", complex],
  ['manager.value', "The SCIM id of the manager's account"],
  ['manager.$ref', "The URL of the manager's account", { type: 'reference' }],
  ['manager.displayName', "The manager's name", readOnly],
];

/** What every resource has beside its schemas: `id` and `externalId` (RFC 7643 §3.1). */
export const commonAttributes: readonly SchemaAttribute[] = common.map(toAttribute);

/** The attributes of a user by RFC 7643: the common ones, core schema and enterprise extension, parents before parts. */
export const rfcUserAttributes: readonly SchemaAttribute[] = [
  ...commonAttributes,
  ...user.map(toAttribute),
  ...enterprise.map(([path, ...rest]) => toAttribute([`${enterpriseUserUrn}:${path}`, ...rest])),
];

function toAttribute([path, description, differing = {}]: Row): SchemaAttribute {
  return schemaAttribute(path, { ...differing, description });
}
