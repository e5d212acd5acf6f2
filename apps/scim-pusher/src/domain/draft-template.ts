import {
  AuthorizationForm,
  AuthorizationForm_Method,
  EndpointForm,
  MatchingPolicy,
  ScimProfile,
  ScimProfile_Update,
  Template,
} from '@autoprov/proto';
import { isObject, member, type JsonObject, type SchemaAttribute } from '@autoprov/scim';

/** What is known of a service provider. */
export type Known = {
  endpointUrl: string;
  config?: JsonObject | undefined;
  attributes: readonly SchemaAttribute[];
  filterableAttributes: readonly string[];
  maxPageSize?: number | undefined;
  /** How the Authorization header began that it took, in lower case. */
  scheme: string;
};

const { METHOD_BEARER, METHOD_BASIC } = AuthorizationForm_Method;
const recordedPageSize = 100;

/** An entry of the app catalogue for a service provider, by what reading tells. What the RFC says anyway is left out. */
export function draftTemplate(known: Known): Template {
  const { endpointUrl, config, attributes, filterableAttributes, maxPageSize = 0, scheme } = known;
  const { hostname } = new URL(endpointUrl);
  const patch = config && supports(config, 'patch');
  // externalId and userName are compared by themselves.
  const isUsual = ['externalId', 'userName'].every((name) => filterableAttributes.includes(name));
  const compared = filterableAttributes.filter((name) => !isUsual || name !== 'emails');
  const differs = compared.join() !== 'externalId,userName' && compared.length > 0;
  return {
    ...Template.fromPartial({}),
    name: `templates/${hostname.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`,
    displayName: hostname,
    version: 1,
    authorization: AuthorizationForm.fromPartial({ methods: [scheme === 'basic' ? METHOD_BASIC : METHOD_BEARER] }),
    endpoint: EndpointForm.fromPartial({ urlTemplate: endpointUrl }),
    scim: ScimProfile.fromPartial({
      update: patch === false ? ScimProfile_Update.UPDATE_PUT : ScimProfile_Update.UPDATE_UNSPECIFIED,
      filterableAttributes: [...filterableAttributes],
      requiredAttributes: simplePaths(attributes, ({ required }) => required),
      immutableAttributes: simplePaths(attributes, ({ mutability }) => mutability === 'immutable'),
      maxPageSize: maxPageSize === recordedPageSize ? 0 : maxPageSize,
    }),
    matching: differs ? MatchingPolicy.fromPartial({ attributes: compared }) : undefined,
    notes: [],
  };
}

/** What a draft leaves open, a sentence each. */
export function openQuestions(
  { config, filterableAttributes, maxPageSize }: Known,
  pages: boolean | undefined,
): string[] {
  return [
    ...(config === undefined || supports(config, 'patch') === undefined
      ? ['It does not say whether it knows PATCH: PATCH is tried; set scim.update to UPDATE_PUT if it refuses.']
      : []),
    ...(filterableAttributes.length === 0
      ? ['No look-up by externalId, userName or emails works: accounts that exist are found only if it lists all.']
      : []),
    ...(filterableAttributes.length > 0 && !filterableAttributes.includes('externalId')
      ? ['Accounts are not found by externalId: whose user name changes while the link is unknown is not found.']
      : []),
    ...(pages === false
      ? ['Its second page repeats the first: it does not page, so not all accounts can be listed.']
      : []),
    ...(maxPageSize !== undefined && maxPageSize < recordedPageSize
      ? [`It answers ${maxPageSize} accounts a page at the most.`]
      : []),
    'How many requests a second it takes, whether DELETE is for good, and which values it refuses: only its makers know.',
  ];
}

/** Top-level attributes without parts: those that a mapping row can name as they are. */
function simplePaths(attributes: readonly SchemaAttribute[], take: (one: SchemaAttribute) => boolean): string[] {
  return attributes
    .filter((one) => one.type !== 'complex' && !one.multiValued && one.mutability !== 'readOnly' && take(one))
    .map(({ path }) => path)
    .filter((path) => !/\.[^.:]+$/.test(path.replace(/^urn:.*:/i, '')) && path !== 'password');
}

function supports(config: JsonObject, feature: string): boolean | undefined {
  const part = member(config, feature);
  const supported = isObject(part) ? member(part, 'supported') : undefined;
  return typeof supported === 'boolean' ? supported : undefined;
}
