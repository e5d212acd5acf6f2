import type { CatalogueEntry, FinerReason } from './entry.ts';

const whenChanged =
  'Not repeated as it is: tried again when the person, the mapping or the setup changes, or by `autoprov push`.';
const alsoDaily = `${whenChanged} Licence limits and duplicates are also tried once a day.`;
const correct = 'Correct the error and retry after saving changes.';

const licenseLimit: FinerReason = {
  reason: 'LICENSE_LIMIT',
  meaning: 'The service provider has no licence or seat left.',
  actor: 'app owner',
  resolution: ['Buy licences or free some at the service provider, or narrow the scope of {app}.'],
};
const valueTooLong: FinerReason = {
  reason: 'VALUE_TOO_LONG',
  meaning: 'A value is longer than the service provider takes.',
  actor: 'Workspace admin',
  resolution: ['Shorten the value in the directory, or cut it in the mapping of {app}.'],
};

const refused: FinerReason[] = [
  licenseLimit,
  valueTooLong,
  {
    reason: 'PROFILE_REQUIRED',
    meaning: 'The service provider wants an entitlement that is a profile id.',
    actor: 'Workspace admin',
    resolution: ['Map a constant profile id to `entitlements` in {app}.'],
  },
  {
    reason: 'DUPLICATE',
    meaning:
      'The user name, e-mail address or external id belongs to another account, perhaps in another organization.',
    actor: 'app owner',
    resolution: [
      'Find the other account at the service provider; rename or remove it, or let it be adopted by a matching rule.',
    ],
  },
  {
    reason: 'AMBIGUOUS_MATCH',
    meaning: 'More than one account at the service provider matches this person; we do not guess.',
    actor: 'app owner',
    resolution: ['Remove or rename all but one of the accounts, or match by another attribute.'],
  },
  {
    reason: 'NOT_FOUND',
    meaning: 'The account, or a member of the group, is not there.',
    actor: 'nobody',
    resolution: ['Wait: the link is dropped and the person is matched or created anew.'],
  },
  {
    reason: 'INVALID_ID',
    meaning: 'The id that we hold is none of theirs.',
    actor: 'nobody',
    resolution: ['Wait: the link is dropped and the person is matched or created anew.'],
  },
  {
    reason: 'POLICY_REFUSED',
    meaning:
      'A rule of the service provider forbids it: the last owner, a domain that is not verified, an account that is locked.',
    actor: 'app owner',
    resolution: ['Follow its own words: change the rule or the account there, or exclude the person from the scope.'],
  },
  {
    reason: 'SCIM_DISABLED',
    meaning: 'SCIM is switched off or paused at the service provider.',
    actor: 'app owner',
    resolution: ['Switch SCIM provisioning on at the service provider.'],
  },
  {
    reason: 'PLAN_REQUIRED',
    meaning: 'The plan that was bought there does not include SCIM.',
    actor: 'app owner',
    resolution: ['Upgrade the plan at the service provider, or deactivate {app}.'],
  },
  {
    reason: 'PRECONDITION',
    meaning: 'The account was changed by somebody else while we wrote.',
    actor: 'nobody',
    resolution: ['Wait: it is read, compared and written again.'],
  },
  {
    reason: 'NOT_APPLIED',
    meaning: 'The service provider said yes, but does not show the change.',
    actor: 'app owner',
    resolution: ['Ask the service provider, or take the attribute out of the mapping.'],
  },
];

const outages: FinerReason[] = [
  {
    reason: 'RATE_LIMITED',
    meaning: 'It asks us to slow down.',
    actor: 'nobody',
    resolution: ['Wait: we come back when it says. If it happens daily, lower the rate in the template.'],
  },
  {
    reason: 'QUOTA',
    meaning: 'A quota is spent.',
    actor: 'nobody',
    resolution: ['Wait, or have the quota raised there.'],
  },
  {
    reason: 'SP_ERROR',
    meaning: 'It failed, or broke off, after the request was sent.',
    actor: 'nobody',
    resolution: ['Wait.'],
  },
  { reason: 'SP_TIMEOUT', meaning: 'It did not answer in time.', actor: 'nobody', resolution: ['Wait.'] },
  {
    reason: 'SP_UNAVAILABLE',
    meaning: 'It is down, or its proxy cannot reach it.',
    actor: 'nobody',
    resolution: ['Wait.'],
  },
];

const unreachable: FinerReason[] = [
  {
    reason: 'DNS_FAILURE',
    meaning: 'The host name does not exist.',
    actor: 'app owner',
    resolution: ['Correct the SCIM base URL.'],
  },
  {
    reason: 'NETWORK_UNREACHABLE',
    meaning: 'Nobody listens there, or the network between is closed.',
    actor: 'platform operator',
    resolution: ['Check the URL, firewall and route from scim-pusher to the service provider.'],
  },
  {
    reason: 'TLS_FAILURE',
    meaning: 'The certificate has expired, is for another host, or is of an authority that we do not know.',
    actor: 'app owner',
    resolution: ['Have the certificate renewed, or have the platform operator allow the private authority.'],
  },
  {
    reason: 'PROXY',
    meaning: 'Our own way out refuses.',
    actor: 'platform operator',
    resolution: ['Check the egress proxy and its credentials.'],
  },
  {
    reason: 'WRONG_ENDPOINT',
    meaning: 'What answers is not SCIM: a web page, a redirect, or a list of addresses that keeps us out.',
    actor: 'app owner',
    resolution: [
      'Copy the SCIM base URL from the service provider; allow the address of scim-pusher there if it asks for a list.',
    ],
  },
];

const contentRefused: FinerReason[] = [
  valueTooLong,
  licenseLimit,
  {
    reason: 'LICENSE_INVALID',
    meaning: 'It does not know the licence value.',
    actor: 'Workspace admin',
    resolution: ['Map a licence that exists there.'],
  },
  {
    reason: 'ENTITLEMENT_UNKNOWN',
    meaning: 'It does not know the value of a role, profile or entitlement.',
    actor: 'Workspace admin',
    resolution: ['Map a value that exists there, or create it there.'],
  },
  {
    reason: 'INVALID_VALUE',
    meaning: 'A value has a form or characters that it does not take.',
    actor: 'Workspace admin',
    resolution: ['Correct the value in the directory, or change it in the mapping.'],
  },
  {
    reason: 'IMMUTABLE',
    meaning: 'The attribute cannot be changed once the account exists.',
    actor: 'Workspace admin',
    resolution: ['Map the attribute on create only.'],
  },
  {
    reason: 'EXPRESSION_FAILED',
    meaning:
      'An expression of the mapping, or the filter of the scope, has no answer for this person; the account stays as it is.',
    actor: 'Workspace admin',
    resolution: [
      'Correct the expression at the line and column that the failure names, for example with `coalesce(…)` where the person lacks a value; or fill in the value in the directory. A preview of the mapping shows it for this person.',
    ],
  },
  {
    reason: 'MALFORMED',
    meaning: 'It does not understand the request.',
    actor: 'platform operator',
    resolution: ['Compare its words with the template of {app}: patch shape, boolean form, content type. Report it.'],
  },
  {
    reason: 'UNSUPPORTED',
    meaning: 'It lacks this method or media type.',
    actor: 'platform operator',
    resolution: ['Set what it supports in the template of {app}.'],
  },
];

/** One user or group; a later success for the same person closes it. */
export const resourceFailures: readonly CatalogueEntry[] = [
  {
    id: '45003',
    code: '45003',
    scope: 'resource',
    title: 'Understood and refused',
    seedText: [
      '45003',
      'The resource update, create, or delete request was not accepted by your SCIM-based application. Look at the details of the error in the downloaded error file.',
      '1. License Limit Exceeded—You have licenses to create only 5 users on your SCIM-based application and you turned on auto-provisioning for 6 users.',
      '2. Value Too Long—Your value e.g. email ID is too long and is not acceptable for your SCIM-based application.',
      '3. Must have at least one entitlement, one of which must be profile ID.',
      '4. The username already exists. It must be unique across the entire organization.',
      '5. Resource (User) not found on the service provider (SP) side.',
      '6. Invalid SCIM user ID value.',
      correct,
    ],
    condition:
      'The service provider understood and refused: licence limit, uniqueness, a rule for entitlements or profiles, not found on its side, invalid id, policy.',
    resolvesItself: false,
    actor: 'app owner',
    resolution: [
      "Read the service provider's own words in the failure, then follow the step of the reason below.",
      'It is tried again as soon as something changes.',
    ],
    retryPolicy: alsoDaily,
    reasons: refused,
  },
  {
    id: '45004',
    code: '45004',
    scope: 'resource',
    title: 'Outage or quota at the service provider',
    seedText: [
      '45004',
      'An error has occurred between the service provider and Google as identity provider. The error text is "Internal error - Quota Exceeded".',
      '• An outage that affects the service provider.',
      '• The service provider server is down.',
      'Contact the service provider.',
    ],
    condition:
      'After the request was sent: a timeout, a reset, 5xx, 429 or any text about a quota, once its retry budget is spent.',
    resolvesItself: true,
    actor: 'nobody',
    resolution: ["Look at the service provider's status page.", 'If it lasts for hours, contact the service provider.'],
    retryPolicy:
      'Tried again after 5 and 30 minutes, 2, 6, 12 and 24 hours, then daily for 28 days, or when the answer says. When the service provider is down for everybody, it is opened once for the app with the number of people waiting.',
    reasons: outages,
  },
  {
    id: '45005',
    code: '45005',
    scope: 'resource',
    title: 'The SCIM endpoint cannot be reached',
    seedText: [
      '45005 The SCIM endpoint you configured is not reachable. Check the SCIM endpoint you provided in the Admin console. Correct the error and retry after saving changes.',
    ],
    condition: 'No SCIM server was reached: DNS, connection, TLS, a redirect, a web page, or 404 on a collection.',
    resolvesItself: 'A network outage does; a wrong URL or certificate does not.',
    actor: 'app owner',
    resolution: ['Check the SCIM base URL in the settings of {app}.', 'Then follow the step of the reason below.'],
    retryPolicy:
      'Opened once for the app with the number of people waiting. A probe every 1 to 15 minutes; all wait until it passes.',
    reasons: unreachable,
  },
  {
    id: '45006',
    code: '45006',
    scope: 'resource',
    title: 'Content refused',
    seedText: [
      '45006',
      'The resource update, create, delete request was not built correctly or was not accepted by the SCIM-based application. Look at the details of the error in the downloaded error file.',
      '1. Value Too Long',
      '2. Insufficient licenses',
      '3. Invalid License',
      "4. Entitlement value doesn't exist",
      correct,
    ],
    condition:
      'The content was refused: invalid value, path or syntax, too long, unknown entitlement, invalid licence, immutable attribute.',
    resolvesItself: false,
    actor: 'Workspace admin',
    resolution: [
      "Read the service provider's own words in the failure, then follow the step of the reason below.",
      'It is tried again as soon as the mapping or the person changes.',
    ],
    retryPolicy: whenChanged,
    reasons: contentRefused,
  },
  {
    id: '45016',
    code: '45016',
    scope: 'resource',
    title: 'A required attribute is missing',
    seedText: [
      '45016',
      "The resource update, create, or delete request was not accepted by your SCIM-based application because you didn't enter a required field. Look at the details of the error in the downloaded error file.",
      correct,
    ],
    condition: 'A required attribute is missing: the service provider says so, or it is found before anything is sent.',
    resolvesItself: false,
    actor: 'Workspace admin',
    resolution: [
      'Fill the attribute in for this person in the directory, or give it a default in the mapping of {app}.',
      'It is tried again as soon as the mapping or the person changes.',
    ],
    retryPolicy: whenChanged,
    reasons: [
      {
        reason: 'MISSING_REQUIRED',
        meaning: 'A required attribute has no value.',
        actor: 'Workspace admin',
        resolution: ['Fill it in in the directory, or give it a default in the mapping.'],
      },
    ],
  },
];
