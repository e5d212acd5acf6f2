import type { CatalogueEntry } from './entry.ts';
import { directoryScopes } from './scopes.ts';

const grantSteps = [
  "Open {delegationLink}: Google's admin console with the line filled in. By hand: Security, Access and data control, API controls, Manage domain-wide delegation, Add new.",
  'The client id is {clientId}: the numeric client id of the service account of {customer}.',
  `The scopes are ${directoryScopes.join(',')}`,
  'Authorize. It may take up to 24 hours; we try again every 5 minutes.',
];
const untilItPasses =
  'The same check is made again every 5 minutes; the failure closes when it passes. Nobody is deprovisioned meanwhile.';
const backingOff =
  'Tried again with growing pauses, at most 5 minutes apart; the failure closes with the first success.';
const appWaits =
  'The app is held: nothing is sent to the service provider. A probe every 15 minutes closes the failure when it passes.';

const reauthorize =
  'Open the settings of {app} and choose Reauthorize; for a bearer token or a password, enter a new one.';
const internalSeed = [
  "Couldn't authenticate with Google internal services.",
  'Permissions were revoked from this user provisioning client ID:',
  'Ensure that this ID has permissions to these scopes:',
  'In the Admin console, use "Manage API client access" under SecurityAdvanced Settings to verify that the Client ID has these scopes or to add these scopes to this client ID.',
];

const google: CatalogueEntry[] = [
  {
    id: '17002',
    code: '17002',
    scope: 'platform',
    title: 'The service that makes tokens cannot be reached',
    seedText: [
      '17002',
      "Couldn't generate an access token.",
      'Reason: Some Google internal services are unavailable at this time.',
      'This error should resolve automatically after some time.',
    ],
    condition:
      "Google's token endpoint times out or answers 429 or 5xx, or the token broker or its secret store is down.",
    resolvesItself: true,
    actor: 'nobody',
    resolution: [
      'Wait. If it lasts for more than 15 minutes, look at the health of token-broker and of its secret store.',
    ],
    retryPolicy: backingOff,
  },
  {
    id: '17003',
    code: '17003',
    scope: 'customer',
    title: 'Google does not let us act for this customer',
    seedText: ['17003', ...internalSeed],
    condition:
      'A token request is answered unauthorized_client: the client is not, or no longer, authorized; or no service account is stored.',
    resolvesItself: false,
    actor: 'Workspace admin',
    resolution: grantSteps,
    retryPolicy: untilItPasses,
  },
  {
    id: '17006',
    code: '17006',
    scope: 'customer',
    title: 'A part of the permissions is missing',
    seedText: ['17006', ...internalSeed],
    condition: 'A token request is answered access_denied. Which scope is missing is found by asking for each alone.',
    resolvesItself: false,
    actor: 'Workspace admin',
    resolution: ['The missing scope is {missingScope}.', ...grantSteps],
    retryPolicy: untilItPasses,
  },
  {
    id: '17007',
    code: '17007',
    scope: 'customer',
    title: 'We cannot act for the delegated admin',
    seedText: [
      '17007',
      "Couldn't grant access to apps that support auto-provisioning using domain-wide delegation of authority.",
      "Couldn't grant domain-wide delegation authority to the auto-provisioning service. This is critical for the auto-provisioning service to be able to read Google directory.",
      'Reason 1: Permissions were revoked from the user provisioning client ID.',
      'In the Admin console, use "Manage API client access" under Security > Advanced Settings to add the following Client ID and scopes:',
      'An alternate resolution is to delete the app in question and then re-add the app.',
      'Reason 2: Unexpected system errors',
      'In most cases, this error will resolve automatically. However, if the problem persists after some hours, then either add the client ID and scopes or delete and re-add the app, as mentioned for Reason 1, above.',
    ],
    condition:
      "A token request, or the check at activation and once a day, is answered invalid_grant for the admin, admin_policy_enforced or org_internal (reason 1), or with an unexpected error (reason 2); or the directory that the token reads is not this customer's.",
    resolvesItself: 'Reason 2 does; the others do not.',
    actor: 'Workspace admin',
    resolution: [
      'Check that the delegated admin {adminEmail} exists, is not suspended and has a role that may read users, groups and schemas.',
      'To use another admin, change `adminEmail` of {customer} and run `autoprov apply {file}`.',
      ...grantSteps,
      'Removing and adding the app again also helps: mapping, links to accounts and timers are kept.',
    ],
    retryPolicy: untilItPasses,
    reasons: [
      {
        reason: 'ADMIN_NOT_USABLE',
        meaning: 'Reason 1: the admin is gone or suspended, or a policy of the organization forbids acting for them.',
        actor: 'Workspace admin',
        resolution: ['Restore the admin or name another one, then check the delegation again.'],
      },
      {
        reason: 'UNEXPECTED_ANSWER',
        meaning: 'Reason 2: an answer that Google does not document.',
        actor: 'nobody',
        resolution: ['Wait. If it lasts for some hours, follow the steps for reason 1.'],
      },
      {
        reason: 'GOOGLE_CUSTOMER_MISMATCH',
        meaning:
          'The directory that is read is that of another Google customer than the one {customer} is bound to. Nothing is read from it.',
        actor: 'platform operator',
        resolution: [
          'Give {customer} a service account and an admin of the Google customer that it is bound to (`autoprov apply {file}`), then check the delegation again.',
          'Only if {customer} has really moved to another Google Workspace account: delete its delegation, which ends the binding, and store it again.',
        ],
      },
      {
        reason: 'GOOGLE_CUSTOMER_TAKEN',
        meaning:
          'The directory that is read belongs to another customer of this installation. Nothing is read from it.',
        actor: 'platform operator',
        resolution: [
          'Look which customer is bound to that Google customer id: each may be bound to one customer only.',
          'If {customer} is a mistake, delete it; else give it a service account and an admin of its own domain.',
        ],
      },
    ],
  },
  {
    id: '17008',
    code: '17008',
    scope: 'customer',
    title: 'The directory refuses a token that was just made',
    seedText: ['17008', ...internalSeed],
    condition: 'The Admin SDK answers 401 or 403 to a fresh token.',
    resolvesItself: false,
    actor: 'Workspace admin',
    resolution: [
      'Give the delegated admin {adminEmail} a role that may read users, groups and schemas: Account, Admin roles.',
      ...grantSteps,
    ],
    retryPolicy: untilItPasses,
    reasons: [
      {
        reason: 'ADMIN_ROLE_LOST',
        meaning: '401, or 403 insufficientPermissions or forbidden: the delegated admin may not read.',
        actor: 'Workspace admin',
        resolution: ['Give {adminEmail} a role that may read users, groups and schemas.'],
      },
      {
        reason: 'ADMIN_API_DISABLED',
        meaning:
          '403 accessNotConfigured: the Admin SDK is switched off in the Google Cloud project of the service account.',
        actor: 'platform operator',
        resolution: ['Enable the Admin SDK API in the project of the service account; it takes some minutes to work.'],
      },
    ],
  },
];

const serviceProvider: CatalogueEntry[] = [
  {
    id: '17009',
    code: '17009',
    scope: 'setup',
    title: 'The service provider refuses the refresh token',
    seedText: [
      '17009 Access token generation from refresh token failed. Try reauthorizing again by clicking Auto-provisioning to open Settings, then Reauthorize.',
    ],
    condition: "The service provider's token endpoint answers invalid_grant to a refresh token.",
    resolvesItself: false,
    actor: 'app owner',
    resolution: [reauthorize],
    retryPolicy: appWaits,
    reasons: [
      {
        reason: 'TOKEN_REFRESH_REJECTED',
        meaning: 'The refresh token was revoked, has expired, or was used twice.',
        actor: 'app owner',
        resolution: [reauthorize],
      },
      {
        reason: 'CLIENT_SECRET_INVALID',
        meaning: 'The OAuth client is refused (invalid_client). Authorizing again does not help.',
        actor: 'app owner',
        resolution: ['Make a new client secret at the service provider and store it in the settings of {app}.'],
      },
    ],
  },
  {
    id: '17010',
    code: '17010',
    scope: 'setup',
    title: 'The SCIM endpoint refuses the credential',
    seedText: [
      '17010',
      'There are insufficient credentials to make calls to your SCIM endpoint.',
      'Reason: The auth token is revoked.',
      'Try reauthorizing again by clicking Auto-provisioning to open Settings, then Reauthorize.',
    ],
    condition:
      'No credential is stored, or the SCIM endpoint answers 401, or 403 about the credential, to a token that was just renewed.',
    resolvesItself: false,
    actor: 'app owner',
    resolution: [reauthorize, 'The new token needs the rights that the SCIM page of the service provider asks for.'],
    retryPolicy: appWaits,
    reasons: [
      {
        reason: 'NO_CREDENTIAL',
        meaning: 'No credential is stored.',
        actor: 'app owner',
        resolution: ['Enter one in the settings of {app}.'],
      },
      {
        reason: 'AUTH_REVOKED',
        meaning: 'The credential was revoked or has expired.',
        actor: 'app owner',
        resolution: [reauthorize],
      },
      {
        reason: 'AUTH_INSUFFICIENT_SCOPE',
        meaning: 'The credential is known but may not manage users.',
        actor: 'app owner',
        resolution: ['Authorize as an admin of the service provider, or make a token with the SCIM or admin scope.'],
      },
    ],
  },
  {
    id: '17011',
    code: '17011',
    scope: 'platform',
    title: 'A token cannot be made although its service answers',
    seedText: [
      '17011',
      "Couldn't generate an access token.",
      'Reason: Some Google internal services are unavailable at this time.',
      'This error should resolve automatically after some time.',
    ],
    condition:
      'The token endpoint answers with an unusable body, a clock is wrong, a signature is invalid, the client is invalid, disabled or deleted, or the signer or key service refuses.',
    resolvesItself: 'Only a wrong clock and an outage of the signer do.',
    actor: 'platform operator',
    resolution: [
      'Compare the clock of the machines with a time server.',
      'Check that the service account exists and is enabled, and that its key was not deleted: make a new key if it was, and run `autoprov apply {file}`.',
      'Check that token-broker may use the key that seals its secrets.',
    ],
    retryPolicy: `${backingOff} The platform operator is paged.`,
    reasons: [
      {
        reason: 'SIGNER_UNAVAILABLE',
        meaning:
          "Google's IAM, which signs for a service account without a key here, does not answer, or answers 429 or 5xx.",
        actor: 'nobody',
        resolution: ['Wait. If it lasts, look whether token-broker may reach iamcredentials.googleapis.com.'],
      },
      {
        reason: 'SIGNER_REFUSED',
        meaning:
          "Google's IAM does not sign for the service account, or token-broker has no Google credentials of its own.",
        actor: 'platform operator',
        resolution: [
          'Let the identity that token-broker runs as act for the service account: role Service Account Token Creator on it.',
          'Enable the IAM Service Account Credentials API in the project of the service account.',
          'Outside Google Cloud, name the credentials of the workload in GOOGLE_APPLICATION_CREDENTIALS.',
        ],
      },
    ],
  },
  {
    id: '17013',
    code: '17013',
    scope: 'setup',
    title: "The service provider's token endpoint fails",
    seedText: [
      '17013',
      'There was an error fetching an access token from your service provider.',
      'Reason: The auth token is revoked.',
      "If this error doesn't automatically resolve after some time, try reauthorizing again by clicking Auto-provisioning to open Settings, then Reauthorize.",
    ],
    condition: "The service provider's token endpoint answers 5xx, times out, or answers something unexpected.",
    resolvesItself: true,
    actor: 'nobody',
    resolution: ['Wait.', `If it lasts for more than a few hours: ${reauthorize}`],
    retryPolicy: backingOff,
  },
];

const services = ['config', 'token-broker', 'directory-reader', 'scim-pusher', 'failure-reporter'];

const internalErrors = Array.from({ length: 9 }, (_, index): CatalogueEntry => {
  const service = services[index] ?? 'a service that is not one of the five';
  return {
    id: `1200${index + 1}`,
    code: `1200${index + 1}`,
    scope: 'platform',
    title: `Unexpected error in ${service}`,
    seedText: ['1200x', 'Internal Error', 'This error should resolve automatically after some time.'],
    condition: `An error in ${service} that nobody foresaw.`,
    resolvesItself: true,
    actor: 'nobody',
    resolution: [
      'Wait: the work is tried again.',
      'If it lasts, look up the trace id of the failure in the log of the service and report it. `autoprov parked` lists events that were put aside.',
    ],
    retryPolicy: 'An event that fails three times is put aside, so that the rest goes on.',
  };
});

const general: CatalogueEntry[] = [
  {
    id: '25001',
    code: '25001',
    scope: 'setup',
    title: 'The setup is incomplete or missing',
    seedText: ['25001 Google backend/service temporarily unavailable. Set up auto-provisioning again.'],
    condition:
      'Work arrives for a setup whose record is incomplete or missing, and asking the config service again confirms it.',
    resolvesItself: false,
    actor: 'Workspace admin',
    resolution: ['Set provisioning of {app} up again: mapping, links to accounts and timers are kept.'],
    retryPolicy: 'The app waits; nothing is sent. The setup is read again every 5 seconds.',
  },
  {
    id: '25002',
    code: '25002',
    scope: 'setup',
    title: 'The app is not installed',
    seedText: [
      '25002',
      'Google backend/service temporarily unavailable.',
      'Reason: The app is not installed for the customer.',
      'Install the application and then set up auto-provisioning again.',
    ],
    condition: 'Work arrives for an app that is no longer installed for the customer.',
    resolvesItself: false,
    actor: 'Workspace admin',
    resolution: [
      'Install {app} for {customer} again, then set provisioning up: mapping, links to accounts and timers are kept.',
    ],
    retryPolicy: 'Nothing is sent, and no account is changed because of it.',
  },
  {
    id: '25005',
    code: '25005',
    scope: 'platform',
    title: 'The config service cannot be reached',
    seedText: [
      '25005 Google backend/service temporarily unavailable. This error should resolve automatically after some time.',
    ],
    condition: 'Reader or pusher had no answer of the config service for 30 seconds.',
    resolvesItself: true,
    actor: 'nobody',
    resolution: ['Wait. If it lasts for more than 15 minutes, look at the health of config and of its database.'],
    retryPolicy: 'Asked again every 5 seconds. Creates and updates go on; removals wait.',
  },
  {
    id: '25016',
    code: '25016',
    scope: 'setup',
    title: 'A stored credential cannot be read',
    seedText: ['25016 Google backend/service temporarily unavailable. Set up auto-provisioning again.'],
    condition: 'A stored credential cannot be decrypted, or is malformed.',
    resolvesItself: false,
    actor: 'app owner',
    resolution: [
      'Enter the credential of {app} again; the rest of the setup is intact.',
      'If it concerns several apps, the platform operator checks that token-broker has the key that sealed them.',
    ],
    retryPolicy: appWaits,
  },
];

const directory: CatalogueEntry[] = [
  {
    id: '50001',
    code: '50001',
    scope: 'customer',
    title: 'Users cannot be read from the directory',
    seedText: ['50001 Internal Error This error should resolve automatically after some time.'],
    condition: 'The Admin SDK answers 5xx, its quota is spent, or it times out past all retries, for users.',
    resolvesItself: true,
    actor: 'nobody',
    resolution: [
      "Wait. If it lasts for hours, look at Google's status page and at the Admin SDK quota of the project.",
    ],
    retryPolicy: `${backingOff} An incomplete read removes nobody.`,
  },
  {
    id: '50003',
    code: '50003',
    scope: 'customer',
    title: 'Groups or members cannot be read from the directory',
    seedText: ['50003 Internal Error This error should resolve automatically after some time.'],
    condition:
      'The Admin SDK answers 5xx, its quota is spent, or it times out past all retries, for groups or members.',
    resolvesItself: true,
    actor: 'nobody',
    resolution: [
      "Wait. If it lasts for hours, look at Google's status page and at the Admin SDK quota of the project.",
    ],
    retryPolicy: `${backingOff} An incomplete read removes nobody.`,
  },
  {
    id: '50005',
    code: '50005',
    scope: 'setup',
    title: 'A group of the scope no longer exists',
    seedText: [
      '50005 A deleted group is present in the configured group filters. Remove the deleted group from the provisioning scope configuration.',
    ],
    condition: 'The directory answers 404 for a group that the scope names.',
    resolvesItself: false,
    actor: 'Workspace admin',
    resolution: ['Remove {group} from the scope of {app}, or put the group that replaces it there.'],
    retryPolicy:
      'The other groups go on being provisioned. Nobody loses access because of the missing group until an admin removes it or confirms.',
  },
  {
    id: '50006',
    code: '50006',
    scope: 'platform',
    title: 'The database or Kafka is unavailable',
    seedText: ['50006 Internal Error This error should resolve automatically after some time.'],
    condition: 'Postgres or Kafka is unavailable past all retries.',
    resolvesItself: true,
    actor: 'platform operator',
    resolution: ['Look at the health of PostgreSQL and Kafka. Nothing is lost: work goes on where it stopped.'],
    retryPolicy: backingOff,
  },
];

/** A whole setup, customer or platform stops or is delayed; open until the same check passes. */
export const runtimeFailures: readonly CatalogueEntry[] = [
  ...google,
  ...serviceProvider,
  ...internalErrors,
  ...general,
  ...directory,
];
