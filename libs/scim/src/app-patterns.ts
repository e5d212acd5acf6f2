import type { BodyPattern } from './patterns.ts';

/** Asked first: a limit comes with any status, and its words resemble those of the other patterns. */
export const limitPatterns: readonly BodyPattern[] = [
  {
    reason: 'RATE_LIMITED',
    says: [
      /rate[- ]?limit/,
      /rate exceeded/,
      /too many [\w ]{0,16}\b(?:requests|calls|attempts)\b/,
      /throttl/,
      /slow down/,
      /\b(?:requests?|api|calls?|concurrency|transactions?)(?: rate)? limit/,
      /\b(?:requests|calls) per (?:second|minute|hour|day)/,
      /(?:limit|maximum|number) (?:of|for) (?:api |concurrent )?(?:requests|calls)/,
    ],
    unless: [/request (?:entity|body|size)/],
    note: 'GitHub and Salesforce say it with 403, Databricks with 400',
  },
  {
    reason: 'QUOTA',
    says: [/\bquotas?\b/, /resources? exhausted/],
    unless: [/license/, /\bseats?\b/, /subscription/],
    note: 'the published text of 45004 is "Internal error - Quota Exceeded"',
  },
];

/** Asked before credentials: a refusal of the whole app that new credentials do not change. */
export const appPatterns: readonly BodyPattern[] = [
  {
    reason: 'WRONG_ENDPOINT',
    says: [
      /\bip(?: address| range)?\b[^\n]{0,60}\b(?:not (?:allowed|permitted|authori[sz]ed|in)|blocked|denied|restricted|allow ?list|white ?list)/,
    ],
    note: 'an address list stops us before SCIM',
  },
  {
    reason: 'SCIM_DISABLED',
    says: [
      /\b(?:scim|provisioning|directory sync)\b[^.\n]{0,40}\b(?:disabled|paused|deactivated|turned off|inactive)\b/,
      /\b(?:scim|provisioning|directory sync)\b[^.\n]{0,40}\bnot (?:been |yet )?(?:enabled|active|activated|configured|turned on|allowed for this)\b/,
      /\b(?:enable|turn on|activate) (?:scim|provisioning|directory sync)/,
    ],
    unless: [/\buser is\b/, /\baccount is\b/],
    note: 'somebody switches it on at the service provider',
  },
  {
    reason: 'PLAN_REQUIRED',
    says: [
      /\b(?:requires?|needs?|upgrade|only available|not (?:available|included|supported|part|enabled)|not (?:include|support|have)|current|your)\b[^.\n]{0,40}\b(?:plan|tier|edition)\b/,
      /\brequires?\b[^.\n]{0,20}\b(?:enterprise|business|premium)\b/,
      /\bfeature\b[^.\n]{0,10} not (?:available|enabled|included|licensed|supported)/,
      /\bscim\b[^.\n]{0,30} not (?:available|included|licensed)/,
      /upgrade required/,
      /\bpaid (?:teams?|plans?|accounts?)\b/,
    ],
    unless: [/\bseats?\b/, /\blimit/, /\bmax/, /\bmore users\b/],
    note: 'the plan that was bought lacks SCIM',
  },
];

/** A refusal of the caller, not of the person: asked for 400 and 403 only, because 401 needs no words. */
export const credentialPatterns: readonly BodyPattern[] = [
  {
    reason: 'AUTH_REVOKED',
    says: [
      /\b(?:token|api key|session|credentials?)\b[^.\n]{0,30}\b(?:expired|revoked|invalid|not valid|inactive|missing|required|disabled)\b/,
      /\b(?:invalid|expired|revoked|missing|bad|no|unknown|incorrect)(?: (?:access|bearer|api|oauth|o auth|auth|scim|authentication|authorization|the))? (?:token|api key|credentials?|session)\b/,
      /\bnot authed\b/,
      /\binvalid auth\b/,
      /authentication (?:failed|required|error|credentials)/,
      /(?:must|need to) (?:be authenticated|authenticate|log ?in)/,
    ],
    unless: [/unexpected token/, /\bjson\b/],
    note: 'the credential itself is refused',
  },
  {
    reason: 'AUTH_INSUFFICIENT_SCOPE',
    says: [
      /insufficient (?:\w{1,12} )?(?:scope|permission|privilege|access|right)/,
      /\b(?:missing|required|requires?|lacks?|without)\b[^.\n]{0,20} (?:scopes?|permissions?)\b/,
      /permission denied/,
      /permissions? (?:is |are )?(?:required|missing)/,
      /access (?:is )?denied/,
      /\bnot (?:have|has)\b[^.\n]{0,30}\b(?:permissions?|privileges?|rights|access|authority)\b/,
      /no permission/,
      /\badmin(?:istrator)? (?:rights|privileges|access|permissions?)\b/,
      /\bmust be an admin/,
      /\b(?:token|client|application|integration|api key)\b[^.\n]{0,20} not (?:allowed|permitted|entitled)\b/,
      /\bnot authori[sz]ed\b/,
      /^\W{0,8}(?:forbidden|unauthori[sz]ed)\W{0,8}$/,
    ],
    unless: [/domain/, /owner/],
    note: 'the credential lives but may not do this',
  },
];
