import type { CatalogueEntry } from './entry.ts';

const nothingSaved = 'Nothing was saved. The call is not repeated by itself.';

function stale(
  id: string,
  grpcStatus: CatalogueEntry['grpcStatus'] & string,
  condition: string,
  what: string,
): CatalogueEntry {
  return {
    id,
    scope: 'configuration',
    grpcStatus,
    title: `The page is older than the setup: ${what}`,
    seedText: [],
    condition,
    resolvesItself: false,
    actor: 'Workspace admin',
    resolution: [
      'Load the page again, or read the setup again, to see what is there now.',
      'Make your change once more if it is still wanted.',
    ],
    retryPolicy: nothingSaved,
  };
}

function transient(
  id: string,
  title: string,
  message: string,
  seedText: string[],
  condition: string,
  step: string,
): CatalogueEntry {
  return {
    id,
    scope: 'configuration',
    grpcStatus: 'UNAVAILABLE',
    title,
    seedText,
    message,
    condition,
    resolvesItself: true,
    actor: 'nobody',
    resolution: [
      step,
      'If it fails for more than a few minutes, look at the open platform failures: `autoprov failures`.',
    ],
    retryPolicy: 'The answer carries RetryInfo: the caller may repeat the call after that time. Nothing is half-saved.',
  };
}

const authorization: CatalogueEntry[] = [
  {
    id: 'AUTHORIZATION_TOKEN_NOT_GENERATED',
    scope: 'configuration',
    grpcStatus: 'FAILED_PRECONDITION',
    title: 'The authorization code could not be exchanged',
    seedText: [
      'Authorization token could not be generated. Retry authorization and save changes again.',
      "You'll see this error when the authorization code couldn't be exchanged for a refresh token. This can happen if your authorization code was incorrect or if you wait too long between authorizing and clicking Save Changes. Reauthorizing and saving the changes should solve this error.",
    ],
    message: 'Authorization token could not be generated.',
    condition:
      'The service provider refuses the authorization code (wrong, used or expired), answers without a refresh token, or the OAuth state does not match.',
    resolvesItself: false,
    actor: 'app owner',
    resolution: [
      'Open the settings of {app}, choose Authorize, sign in at the service provider and agree.',
      'Save without delay: a code lives for a few minutes and works once.',
    ],
    retryPolicy: nothingSaved,
    reasons: [
      {
        reason: 'CLIENT_SECRET_INVALID',
        meaning: 'The service provider does not accept the OAuth client (invalid_client). Trying again does not help.',
        actor: 'platform operator',
        resolution: [
          'Compare client id and secret of the template with the service provider, store the right ones, then authorize again.',
        ],
      },
      {
        reason: 'REDIRECT_MISMATCH',
        meaning: 'The redirect address is not registered at the service provider. Trying again does not help.',
        actor: 'platform operator',
        resolution: [
          'Register the redirect address that the console shows at the service provider, letter for letter.',
        ],
      },
    ],
  },
];

const stalePages: CatalogueEntry[] = [
  {
    ...stale('STALE_SETUP_EXISTS', 'ALREADY_EXISTS', 'A create, but a setup exists.', 'a setup exists already'),
    seedText: ['Your page is stale. Provisioning setup exists. Refresh to override existing setup.'],
    message: 'Your page is stale. Provisioning setup exists.',
  },
  {
    ...stale(
      'STALE_SETUP_MISSING',
      'FAILED_PRECONDITION',
      'A change of setup, mapping, groups or deprovisioning with the etag of a setup that is gone.',
      'the setup is gone',
    ),
    seedText: ['Your page is stale. Provisioning setup does not exist. Refresh to override existing setup.'],
    message: 'Your page is stale. Provisioning setup does not exist.',
  },
  {
    ...stale(
      'STALE_ACTIVATE_UNCONFIGURED',
      'FAILED_PRECONDITION',
      'Activate, but there is no setup.',
      'nothing to activate',
    ),
    seedText: [
      "Your page is stale. Can't activate an unconfigured provisioning setup. Refresh to override existing setup.",
    ],
    message: "Your page is stale. Can't activate an unconfigured provisioning setup.",
  },
  {
    ...stale('STALE_DELETE_UNCONFIGURED', 'FAILED_PRECONDITION', 'Delete, but there is no setup.', 'nothing to delete'),
    seedText: [
      "Your page is stale. Can't delete an unconfigured provisioning setup. Refresh to override existing setup.",
    ],
    message: "Your page is stale. Can't delete an unconfigured provisioning setup.",
  },
  {
    ...stale(
      'STALE_SETUP_CHANGED',
      'ABORTED',
      'A write whose etag is not the current one.',
      'somebody else changed it',
    ),
    seedText: [
      'Error while updating provisioning configuration Refresh the page.',
      "Stale page errors occur when the user browser page hasn't been refreshed and the configuration has changed outside of this browser session (either from a different browser window or by a different user). Here are the associated errors that you could see:",
    ],
    message: 'Error while updating provisioning configuration',
  },
];

const reads: CatalogueEntry[] = [
  transient(
    'FETCH_SETUP_FAILED',
    'The setup could not be read',
    "Couldn't fetch provisioning setup",
    ["Couldn't fetch provisioning setup Refresh the page."],
    'The read of the setup failed or timed out.',
    'Load the page again.',
  ),
  transient(
    'FETCH_PRECONFIGURATION_FAILED',
    'The template could not be read',
    "Couldn't fetch provisioning pre-configuration",
    ["Couldn't fetch provisioning pre-configuration Refresh the page."],
    'The read of the template behind the setup failed or timed out.',
    'Load the page again.',
  ),
  transient(
    'FETCH_STATUS_FAILED',
    'The status could not be read',
    "Couldn't fetch provisioning status",
    ["Couldn't fetch provisioning status Refresh the page."],
    'The read of the status failed or timed out.',
    'Load the page again.',
  ),
  transient(
    'FETCH_CUSTOM_ATTRIBUTES_FAILED',
    'The custom attributes of the directory could not be read',
    "Couldn't fetch custom attributes",
    ["Couldn't fetch custom attributes Retry saving your custom attributes."],
    'The custom schemas could not be read from the directory. A missing schema scope is FAILED_PRECONDITION instead, and cites 17006.',
    'Save the custom attributes again.',
  ),
];

const writes: CatalogueEntry[] = [
  transient(
    'ACTIVATION_FAILED',
    'The activation could not be stored',
    'Provisioning activation failed',
    ['Provisioning activation failed Retry activating provisioning.'],
    'The checks passed, but the activation could not be stored.',
    'Activate again.',
  ),
  transient(
    'DELETE_FAILED',
    'The deletion could not be stored',
    'Error deleting provisioning setup',
    [
      'Error deleting provisioning setup Retry deleting the configuration.',
      'Error deleting provisioning setup 1. Click Auto-provisioning to open Settings. 2. Under Delete configuration, click Delete',
    ],
    'The deletion of the setup could not be stored.',
    'Delete the setup again: open the settings of {app} and choose Delete under Delete configuration.',
  ),
  transient(
    'CREATE_FAILED',
    'The new setup could not be stored',
    "Provisioning setup couldn't be created",
    ["Provisioning setup couldn't be created Create your provisioning setup again and save your changes."],
    'A new setup could not be stored.',
    'Create the setup again and save it.',
  ),
  transient(
    'UPDATE_FAILED',
    'The changed setup could not be stored',
    "Provisioning setup couldn't be updated",
    ["Provisioning setup couldn't be updated Update your provisioning setup again and save your changes."],
    'A changed setup could not be stored.',
    'Make the change again and save it.',
  ),
  transient(
    'UPDATE_MAPPING_FAILED',
    'The attribute mapping could not be stored',
    "Couldn't update attribute mapping",
    ["Couldn't update attribute mapping Update your attribute mapping again."],
    'A changed attribute mapping could not be stored.',
    'Change the attribute mapping again and save it.',
  ),
  transient(
    'UPDATE_GROUPS_FAILED',
    'The groups of the scope could not be stored',
    "Couldn't update the group settings for auto provisioning",
    ["Couldn't update the group settings for auto provisioning Update your group settings again."],
    'Changed groups of the scope could not be stored.',
    'Change the groups again and save them.',
  ),
  transient(
    'UPDATE_DEPROVISIONING_FAILED',
    'The deprovisioning rules could not be stored',
    "Couldn't update the deprovisioning configuration",
    ["Couldn't update the deprovisioning configuration Update your deprovisioning configuration again."],
    'Changed deprovisioning rules could not be stored.',
    'Change the deprovisioning rules again and save them.',
  ),
];

const checks: CatalogueEntry[] = [
  {
    id: 'ENABLE_FAILED',
    scope: 'configuration',
    grpcStatus: 'FAILED_PRECONDITION',
    title: 'A check before activation did not pass',
    seedText: ['Error enabling provisioning Move the Auto-provisioning slider to Active'],
    message: 'Error enabling provisioning',
    condition:
      'Endpoint, credential, delegation or mapping did not pass its check. The answer lists every failed check with its own code.',
    resolvesItself: false,
    actor: 'Workspace admin',
    resolution: [
      'Read the list of failed checks and follow the steps of each code.',
      'Move the Auto-provisioning slider to Active again, or set `state: ACTIVE` and run `autoprov apply {file}`.',
    ],
    retryPolicy: 'The setup stays inactive.',
  },
  {
    id: 'AUTHENTICATION_FAILED',
    scope: 'configuration',
    grpcStatus: 'FAILED_PRECONDITION',
    title: 'The service provider refuses the credential',
    seedText: [
      'Authentication failed The authentication credentials (e.g. bearer token) provided in the configuration are incorrect. Enter the correct credentials.',
    ],
    message: 'Authentication failed',
    condition:
      'The probe of the endpoint was answered with a refusal of the credential. Another kind of 403, such as SCIM_DISABLED, PLAN_REQUIRED or RATE_LIMITED, is named as such.',
    resolvesItself: false,
    actor: 'app owner',
    resolution: [
      'Make a new token at the service provider, with the rights that its SCIM page asks for.',
      'Enter it in the settings of {app}, or put it where `credential` of {app} points to and run `autoprov apply {file}`.',
    ],
    retryPolicy: nothingSaved,
  },
  {
    id: 'ENDPOINT_INVALID',
    scope: 'configuration',
    grpcStatus: 'INVALID_ARGUMENT',
    title: 'No SCIM endpoint at this URL',
    seedText: [
      'SCIM Endpoint URL provided is invalid The target endpoint provided was invalid. Enter the correct URL.',
    ],
    message: 'SCIM Endpoint URL provided is invalid',
    condition: 'The URL is not https, resolves to an address that may not be called, or does not answer SCIM.',
    resolvesItself: false,
    actor: 'app owner',
    resolution: [
      'Copy the SCIM base URL from the service provider: it often ends in /scim/v2 and never in /Users.',
      'If the address is inside your network, ask the platform operator to allow it.',
    ],
    retryPolicy: nothingSaved,
  },
  {
    ...transient(
      'FETCH_TARGET_ATTRIBUTES_FAILED',
      'The attributes of the service provider could not be read',
      "Couldn't fetch attributes from your target Service Provider",
      [
        "Couldn't fetch attributes from your target Service Provider 1. Click Auto-provisioning to open Settings. 2. Under Attribute mapping, click Edit. 3. Edit service provider mappings as needed.",
      ],
      '/Schemas or /ResourceTypes exist but answer 5xx, time out or cannot be parsed. 404, 405 and 501 are no failure: the schema of the template is used.',
      'Open the attribute mapping of {app} again: it reads the attributes anew.',
    ),
    actor: 'app owner',
    resolution: [
      'Open the attribute mapping of {app} again: it reads the attributes anew.',
      'If it goes on failing, ask the service provider about its /Schemas endpoint. Mapping by hand works meanwhile.',
    ],
  },
  {
    id: 'FETCH_TARGET_SCHEMA_FAILED',
    scope: 'configuration',
    grpcStatus: 'FAILED_PRECONDITION',
    title: 'The service provider has no user schema',
    seedText: [
      "Couldn't fetch your target resource schema Verify the Endpoint URL provided during auto-provisioning setup and retry mapping Cloud Directory attributes to the target application attributes.",
    ],
    message: "Couldn't fetch your target resource schema",
    condition: 'Discovery answers without a User schema, and /Users does not answer SCIM.',
    resolvesItself: false,
    actor: 'app owner',
    resolution: ['Check the SCIM base URL of {app}.', 'Then map the attributes again.'],
    retryPolicy: nothingSaved,
  },
  {
    id: 'DELETED_BUT_NOT_REVOKED',
    scope: 'configuration',
    grpcStatus: 'OK',
    title: 'The setup is deleted, access is not yet revoked',
    seedText: [
      "Delete configuration succeeded but couldn't revoke API client access",
      'When deleting the configuration, we revoke the permissions that allow your application to access your Google side data.',
      'If this fails for some reason, manually revoke access by accessing “Manage API client access” under the Security section.',
      "If you deleted the configuration and plan to set it up again, you don't need to take any action.",
    ],
    message: "Delete configuration succeeded but couldn't revoke API client access",
    condition:
      "Revoking the service provider's token failed, or it was the last app of the customer and Google's delegation still works. Google has no API to remove a delegation.",
    resolvesItself: 'The token of the service provider: yes. The delegation of Google: only an admin can remove it.',
    actor: 'Workspace admin',
    resolution: [
      'Nothing, if you plan to set provisioning up again.',
      "Else open https://admin.google.com/ac/owl/domainwidedelegation (Google's admin console: Security, Access and data control, API controls, Manage domain-wide delegation).",
      'Delete the line with the client id {clientId}.',
    ],
    retryPolicy:
      'The token is revoked again and again until it is done. Once a day a token is asked for, which must fail: that closes the item.',
  },
];

/** Answers to calls that read or change a setup. */
export const configurationFailures: readonly CatalogueEntry[] = [
  ...authorization,
  ...stalePages,
  ...reads,
  ...writes,
  ...checks,
];
