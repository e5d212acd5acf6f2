import { checkMapping, matchingRules, parseTargetPath } from '@autoprov/mapping';
import { checkUrl } from '@autoprov/outbound';
import {
  AuthorizationForm_Method,
  checkAuthorizationParameters,
  DeprovisioningAction,
  type AuthorizationForm,
  type ErrorPattern,
  type ScimProfile,
  type Template,
} from '@autoprov/proto';
import { isFailureReason } from '@autoprov/scim';
import { checkActions } from './check-for-template.ts';
import { checkDeprovisioning, checkMatching, prefix, type Violation } from './check-setup.ts';
import { triggers } from './effective-setup.ts';

const { METHOD_UNSPECIFIED, METHOD_OAUTH_CODE, METHOD_OAUTH_CLIENT_CREDENTIALS, UNRECOGNIZED } =
  AuthorizationForm_Method;

/** Everything that is wrong with an entry of the app catalogue, fields named as in its file; empty: nothing. */
export function checkTemplate(template: Template): Violation[] {
  const { displayName, version, attributeMapping, authorization, endpoint, scim, documentationUri, notes } = template;
  return [
    ...(displayName === '' ? [{ field: 'displayName', description: 'is empty' }] : []),
    ...(version < 1 ? [{ field: 'version', description: 'must be 1 or more' }] : []),
    ...prefix('authorization', checkAuthorization(authorization)),
    ...checkHttps('endpoint.urlTemplate', endpoint?.urlTemplate ?? ''),
    ...prefix('deprovisioning', checkRules(template)),
    ...prefix('matching', checkTemplateMatching(template)),
    ...prefix('scim', checkProfile(scim)),
    ...prefix('attributeMapping', checkMapping(attributeMapping?.rows ?? [])),
    ...checkHttps('documentationUri', documentationUri, { isPage: true }),
    ...notes.flatMap((note, i) =>
      /^\S.*\.$/.test(note) ? [] : [{ field: `notes[${i}]`, description: 'is no sentence' }],
    ),
  ];
}

function checkAuthorization(form: AuthorizationForm | undefined): Violation[] {
  const { methods = [], authorizationUrl = '', tokenUrl = '', revocationUrl = '', scopes = [] } = form ?? {};
  const { authorizationParameters = {} } = form ?? {};
  const isCode = methods.includes(METHOD_OAUTH_CODE);
  const isOAuth = isCode || methods.includes(METHOD_OAUTH_CLIENT_CREDENTIALS);
  const isUnused = !isOAuth && [authorizationUrl, tokenUrl, revocationUrl, scopes.join('')].join('') !== '';
  return [
    ...(methods.length === 0 ? [{ field: 'methods', description: 'are empty: name at least one' }] : []),
    ...methods.flatMap((method, i) =>
      method === METHOD_UNSPECIFIED || method === UNRECOGNIZED
        ? [{ field: `methods[${i}]`, description: 'is no method' }]
        : [],
    ),
    ...(isUnused ? [{ field: 'methods', description: 'have none of OAuth, which the other fields are for' }] : []),
    // Both, or the admin enters both.
    ...(isCode && (authorizationUrl === '') !== (tokenUrl === '')
      ? [{ field: authorizationUrl === '' ? 'authorizationUrl' : 'tokenUrl', description: 'is missing' }]
      : []),
    ...(!isCode && Object.keys(authorizationParameters).length > 0
      ? [{ field: 'authorizationParameters', description: 'are for METHOD_OAUTH_CODE, which is not among the methods' }]
      : []),
    ...checkAuthorizationParameters(authorizationParameters).map(({ name, description }) => ({
      field: `authorizationParameters "${name}"`,
      description,
    })),
    ...checkHttps('authorizationUrl', authorizationUrl),
    ...checkHttps('tokenUrl', tokenUrl),
    ...checkHttps('revocationUrl', revocationUrl),
  ];
}

/** A URL, with placeholders for the admin to fill in unless it is a page to read. */
function checkHttps(field: string, form: string, { isPage = false } = {}): Violation[] {
  if (form === '') return [];
  const url = isPage ? form.replace(/[?#].*$/, '').replace(/\/$/, '') : form.replaceAll(/\{[a-z_]+\}/g, 'x.x');
  const wrong = /[{}]/.test(url) ? 'has a placeholder that is not of the form {lower_case}' : checkUrl(url, []);
  return wrong === undefined ? [] : [{ field, description: wrong }];
}

function checkRules(template: Template): Violation[] {
  const { deprovisioning, deprovisioningActions: offered } = template;
  const suspends = offered.length === 0 || offered.includes(DeprovisioningAction.DEPROVISIONING_ACTION_SUSPEND);
  // What a trigger without a rule does is suspend.
  const open = suspends ? [] : triggers.filter((trigger) => !deprovisioning?.[trigger]);
  return [
    ...checkDeprovisioning(deprovisioning),
    ...checkActions(deprovisioning, template),
    ...open.map((field) => ({ field, description: 'needs a rule, since accounts are not suspended' })),
  ];
}

function checkTemplateMatching({ matching, scim }: Template): Violation[] {
  const filterable = scim?.filterableAttributes ?? [];
  return [
    ...checkMatching(matching),
    ...(matching ? matchingRules(matching) : []).flatMap(({ attribute }, i) =>
      filterable.length === 0 || filterable.includes(attribute)
        ? []
        : [
            {
              field: matching?.rules.length ? `rules[${i}].attribute` : `attributes[${i}]`,
              description: 'is none of scim.filterableAttributes',
            },
          ],
    ),
  ];
}

function checkProfile(scim: ScimProfile | undefined): Violation[] {
  if (!scim) return [];
  const { requiredAttributes, immutableAttributes, filterableAttributes, maxLengths, errorPatterns } = scim;
  const { maxRequestsPerSecond, maxConcurrentRequests, maxWritesPerMinute, maxPageSize, maxMembersPerRequest } = scim;
  const numbers = {
    maxRequestsPerSecond,
    maxConcurrentRequests,
    maxWritesPerMinute,
    maxPageSize,
    maxMembersPerRequest,
  };
  return [
    ...Object.entries({ requiredAttributes, immutableAttributes, filterableAttributes }).flatMap(([field, paths]) =>
      paths.flatMap((path, i) => checkPath(`${field}[${i}]`, path)),
    ),
    ...Object.keys(maxLengths).flatMap((path) => checkPath('maxLengths', path)),
    ...Object.entries({ ...numbers, ...maxLengths }).flatMap(([field, value]) =>
      value < 0 ? [{ field, description: 'is negative' }] : [],
    ),
    ...errorPatterns.flatMap((pattern, i) => prefix(`errorPatterns[${i}]`, checkErrorPattern(pattern))),
  ];
}

const maxPatternChars = 200;

function checkErrorPattern({ status, scimType, words, reason }: ErrorPattern): Violation[] {
  const asksNothing = status === 0 && scimType === '' && words.replaceAll(/[*\s]/g, '') === '';
  return [
    ...(asksNothing ? [{ field: 'words', description: 'are empty, and no status or scimType is given' }] : []),
    ...(words.length > maxPatternChars
      ? [{ field: 'words', description: `have more than ${maxPatternChars} characters` }]
      : []),
    ...(status !== 0 && (status < 400 || status > 599)
      ? [{ field: 'status', description: 'is no status of a refusal, 400 to 599' }]
      : []),
    ...(isFailureReason(reason) ? [] : [{ field: 'reason', description: `"${reason}" is none of docs/failures.md` }]),
  ];
}

function checkPath(field: string, path: string): Violation[] {
  return parseTargetPath(path) ? [] : [{ field, description: `"${path}" is not a SCIM path` }];
}
