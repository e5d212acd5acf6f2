import type { BodyPattern } from './patterns.ts';

const malformed: readonly BodyPattern[] = [
  {
    reason: 'MALFORMED',
    says: [
      /user[- ]agent/,
      /\b(?:valid|malformed|invalid|parse|parsing|bad|well-formed) json\b/,
      /\bjson (?:parse|body|syntax|decode|payload)/,
      /\bunpars/,
      /unexpected (?:token|end of)/,
      /\b(?:request|entity|body|payload|content|message)(?: body| entity)?(?: is| was)? too large/,
      /\bcontent[- ]type\b/,
      /\bviolates schema/,
      /\bschema violat/,
    ],
    note: 'the request itself, not what it says of the person',
  },
  {
    reason: 'MALFORMED',
    says: [
      /\b(?:schemas|operations|op|path|payload|request body|patch ?op)\b'?\]?[^.\n]{0,30}\b(?:required|missing|mandatory|undefined|empty|must|invalid input)\b/,
      /\b(?:required|missing|mandatory|must (?:contain|include|have|provide|specify))\b[^.\n]{0,30}\b(?:schemas|operations|op|path|payload|request body|patch ?op)\b/,
      /\bremove operation\b/,
      /\b(?:op|operation|path|filter|patch|media type|method)\b[^.\n]{0,30} not (?:supported|implemented)\b/,
      /\b(?:unsupported|unknown|invalid|unrecogni[sz]ed) (?:patch )?(?:op|operation|path|filter|syntax|schema|attribute|property|parameter)\b/,
    ],
    unless: [/user ?name/, /\be-?mail/, /given ?name/, /family ?name/],
    note: 'a member of the protocol is missing or wrong: our bug, not an empty field',
  },
  {
    reason: 'MALFORMED',
    says: [
      /\bexpected\b[^\n]{0,30}\b(?:boolean|array|object|string|number|integer)\b[^\n]{0,30}\b(?:found|received|got|was)\b(?! (?:undefined|null))/,
      /\bmust be (?:of type|an? (?:boolean|array|object|list|string))\b/,
      /\b(?:wrong|invalid|incorrect) (?:data )?type\b/,
      /\btype mismatch\b/,
      /\bcan not (?:deserialize|unmarshal|be converted|convert)\b/,
    ],
    unless: [/\b(?:received|got|found) (?:undefined|null)/],
    note: 'a value of the wrong JSON type',
  },
];

/** Licences and profiles: they count even beside the scimType uniqueness. */
export const licensingPatterns: readonly BodyPattern[] = [
  {
    reason: 'PROFILE_REQUIRED',
    says: [
      /at least one (?:valid )?(?:entitlement|profile)/,
      /\bone of which must be\b[^.\n]{0,12} profile/,
      /\b(?:must|needs? to|should) (?:have|include|contain|specify|be assigned)\b[^.\n]{0,30} (?:entitlement|profile id)/,
      /\b(?:no|missing|without|requires?)(?: an?| any)?(?: profile)? entitlement/,
      /\bentitlements?\b[^.\n]{0,30}\b(?:required|missing|must)\b[^.\n]{0,40}\bprofile/,
    ],
    unless: [/not exist/],
    note: 'a Salesforce user needs a profile as entitlement',
  },
  {
    reason: 'LICENSE_INVALID',
    says: [
      /\b(?:invalid|unknown|unrecogni[sz]ed|unsupported|wrong|bad|no such|not a valid) (?:\w{1,16} )?(?:license|subscription|sku)\b(?! (?:limit|count))/,
      /\b(?:license|sku)\b[^.\n]{0,40}\b(?:invalid|not valid|not a valid|unknown|not exist|not recogni[sz]ed|not found|expired)\b/,
    ],
    note: 'a licence value that the service provider does not know',
  },
  {
    reason: 'LICENSE_LIMIT',
    says: [
      /\b(?:license|seat|user|member|subscription|account|application|plan)s? (?:limit|cap|quota|count|maximum|capacity)\b/,
      /\b(?:no|enough|insufficient|out of|exceed\w{0,5}|purchase|buy|add|additional|more|remaining|available|increase|all|maximum|max|free|unused|without)\b[^.\n]{0,30}\b(?:licenses?|seats?|licensed users)\b/,
      /\b(?:licenses?|seats?|licensed users)\b[^.\n]{0,40}\b(?:exceed\w{0,5}|exhausted|unavailable|not available|reached|used|in use|full|filled|depleted|insufficient|consumed|taken)\b/,
      /\bmax(?:imum)?\b[\w ]{0,30} (?:users|accounts|seats|licenses)\b/,
      /\b(?:only|up to|limited to|limit of|maximum of|more than) [\d,]+ (?:\w{1,12} )?(?:users|accounts|seats|licenses)\b/,
      /\b(?:users?|accounts?)\b[^.\n]{0,20} (?:limit|maximum)\b[^.\n]{0,20}(?:reached|exceed)/,
    ],
    note: 'nothing is left to give out',
  },
];

const conflicts: readonly BodyPattern[] = [
  {
    reason: 'DUPLICATE',
    says: [
      /\balready (?:exists?|taken|in used?|in (?:the|this|your|an)|used|registered|associated|belongs|assigned|present|linked|connected|claimed|invited|a part|part of|added|created|provisioned|has an?|an? (?:\w{1,16} )?(?:user|member))\b/,
      /\balready been (?:taken|used|registered|assigned|invited|added|claimed)\b/,
      /\bis (?:taken|in use)\b/,
      /(?<!\bno )\b(?:user|account|member|record|resource) exists\b/,
      /\b(?:not|non)[- ]unique\b/,
      /\bduplicate/,
      /\b(?:user ?name|e-?mail|address|login|name|identifier) (?:taken|exists|in use|conflict)/,
      /\bunique (?:constraint|index|key|violation)/,
      /\bconflicts? with\b/,
      /\b(?:another|different) (?:\w{1,16} )?(?:user|account|record|member|organi[sz]ation|enterprise|tenant|person)\b/,
      /\bsame (?:user ?name|e-?mail|login|external ?id)/,
    ],
    note: 'somebody else has the name, perhaps in another organisation',
  },
  {
    reason: 'DUPLICATE',
    says: [/\bmust be (?:globally )?unique\b/],
    unless: [/required/, /mandatory/, /missing/, /blank/, /empty/],
    note: '"is required and must be unique" is about something else',
  },
  {
    reason: 'IMMUTABLE',
    says: [
      /\bimmutab/,
      /\bread[- ]?only\b/,
      /\b(?:attribute|field|property|user ?name|e-?mail|id|value)\b[^.\n]{0,30}\b(?:can not|may not|must not) be (?:changed|modified|updated|edited|altered)/,
      /\b(?:can not|not allowed to|unable to) (?:change|modify|update|edit|alter)\b(?: the| an?| your)?(?: \w{1,16})? (?:attribute|field|property|user ?name|e-?mail|external ?id|id)\b/,
      /\b(?:updating|changing|modifying|editing)\b[^.\n]{0,30}\b(?:attribute|field|property|user ?name|e-?mail|id)\b[^.\n]{0,20} not (?:allowed|supported|permitted|possible)\b/,
      /\bnot (?:mutable|modifiable|changeable|editable|updat\w{1,5}|writable)\b/,
    ],
    unless: [/read[- ]?only (?:mode|state)/, /maintenance/],
    note: 'map it on create only',
  },
];

const policies: readonly BodyPattern[] = [
  {
    reason: 'POLICY_REFUSED',
    says: [
      /\b(?:can not|unable to|not (?:be )?(?:allowed to|permitted to|able to)|may not|must not|could not)(?: be)? (?:deactivat|delet|remov|suspend|disabl|demot|deprovision|reactivat|activat|invit|archiv|promot|downgrad)/,
      /\b(?:can not|unable to|not (?:allowed|permitted) to|may not) (?:create|add|modify|edit|change|update|alter|manage|assign)\b[^.\n]{0,40}\b(?:owners?|admin\w{0,12}|properties on|deactivated|inactive|suspended|guests?|yourself|self|external)\b/,
      /\bcan not (?:modify|edit|change|update|manage) (?:this |the |an? )?(?:user|member|account|group|role)\b(?! ?(?:name|id|type))/,
      /\b(?:owner|user|member|account|admin)s?\b(?! ?(?:name|id|type))[^\n]{0,20} not be (?:modified|changed|updated|edited)/,
      /\b(?:deactivating|deleting|removing|suspending|disabling|reactivating)\b[^\n]{0,60}\bnot (?:supported|allowed|permitted|possible)/,
      /\b(?:only|last|sole)(?: remaining)? (?:owner|admin)/,
      /\bat least one (?:\w{1,16} )?(?:owner|admin)/,
    ],
    note: 'a rule about this person, such as the last owner',
  },
  {
    reason: 'POLICY_REFUSED',
    says: [
      /\b(?:white|allow)[- ]?list/,
      /\bmust (?:first )?be (?:an? )?(?:active|enabled|verified|activated|claimed|approved|confirmed|member)\b/,
      /\b(?:user|member|account|owner|person)s?\b(?: \S{1,60})?(?: is| are| has been| was)?(?: currently)? (?:suspended|deactivated|locked|inactive|archived|blocked|disabled|frozen|banned|protected)\b/,
      /\bdomain\b[^.\n]{0,60}\b(?:not |un)(?:been )?(?:verified|allowed|claimed|permitted|approved|managed|authori[sz]ed|registered|owned|recogni[sz]ed|accepted|part)/,
      /\b(?:unverified|unclaimed|unauthori[sz]ed|disallowed|blocked|invalid|external|verify (?:the|your)) (?:e-?mail )?domain/,
      /\bnot authori[sz]ed\b[^.\n]{0,20} domain/,
      /\b(?:operation|action|change|request|update|modification)s?(?: is| are)? (?:not (?:allowed|permitted)|forbidden|prohibited)/,
      /\b(?:is|are|was|were) (?:prohibited|forbidden)\b/,
      /\bnot (?:allowed|permitted) (?:by|for|in|on)\b/,
      /\b(?:violates?|forbidden by|blocked by|refused by|prohibited by|against)\b[^.\n]{0,20} polic/,
      /\bcompromised password/,
      /\bpassword (?:policy|history|is too|does not|must)/,
    ],
    note: 'a rule of the service provider',
  },
];

const values: readonly BodyPattern[] = [
  {
    reason: 'VALUE_TOO_LONG',
    says: [
      /\btoo (?:long|large|big|many characters)\b/,
      /\blong (?:user ?name|name|e-?mail|display ?name|title|value|field|string|\w{1,12} ?name)\b/,
      /\bexceed\w{0,5}\b[^.\n]{0,40}\b(?:length|characters|chars|size)\b/,
      /\b(?:max\w{0,4}|allowed|string|field|value|character|column)[- ]?(?:\w{1,12} )?(?:length|limit)\b/,
      /\b(?:length|size)\b[^.\n]{0,30}\b(?:must|should|exceeds?|can not|limit|greater|more|over|longer|max\w{0,4}|at most)\b/,
      /\b(?:at most|no more than|less than|fewer than|up to|exceeds?|maximum(?: of| is)?|max:?|longer than|shorter than|greater than|more than|over|within|limit(?:ed)?(?: to| of)?|under|between \d+ (?:and|to)) \d+ (?:unicode |utf-8 )?(?:char|byte|letter|symbol)/,
      /\b\d+ ?- ?\d+ char/,
      /\b\d+ (?:or (?:fewer|less) )?(?:characters?|chars?)(?: or (?:less|fewer)| max| limit| long)/,
      /\b\d+ or (?:fewer|less) char/,
      /\bexceeds? (?:the )?(?:limit|max\w{0,4}) of \d+/,
      /\bmust be shorter\b/,
      /\btruncat/,
      /\bdata too long\b/,
    ],
    unless: [
      /too short/,
      /at least \d/,
      /\bminimum\b/,
      /not (?:be )?less than/,
      /too many (?:members|values|operations)/,
    ],
    note: 'said of a value, not of the request',
  },
  {
    reason: 'ENTITLEMENT_UNKNOWN',
    says: [
      /\b(?:role|entitlement|(?<!user )profile|permission set|user type|team)s?\b[^\n]{0,60}\b(?:not exist|unknown|not found|invalid|not (?:a )?valid|not recogni[sz]ed|not supported|no such|not be found|not defined|undefined|not one of)\b/,
      /\b(?:invalid|unknown|unrecogni[sz]ed|no such|non-?existent|unsupported|not a valid|bad|could not find|can not find|no)(?: \w{1,16})? (?:role|entitlement|profile|permission set|user type)\b(?! ?(?:picture|photo|url|image))/,
      /\binvalid cross reference/,
    ],
    unless: [/members? to team/, /member ids/],
    note: 'the value of a role, profile or entitlement is not known there',
  },
  {
    reason: 'ENTITLEMENT_UNKNOWN',
    says: [
      /\bgroups?\b[^\n]{0,60}\b(?:not exist|unknown|not found|invalid|not (?:a )?valid)\b/,
      /\b(?:invalid|unknown|no such) group/,
    ],
    path: /\/users\b/i,
    note: 'a group named as the value of a user',
  },
];

const identity: readonly BodyPattern[] = [
  {
    reason: 'INVALID_ID',
    says: [
      /\b(?:invalid|malformed|bad|illegal|incorrect|not a valid)(?: scim)?(?: (?:user|resource|member|group|object|account|manager))? (?:ids?|uuid|guid|identifiers?)\b/,
      /(?<!e-?mail )(?<!external )(?<!client )\bids?\b[^.\n]{0,40}\b(?:invalid|not (?:a )?valid|malformed)\b/,
      /\b(?:badly formed|valid) (?:uuid|guid|object id)\b/,
    ],
    note: 'the id we hold is none of theirs',
  },
  {
    reason: 'NOT_FOUND',
    says: [
      /\b(?:user|member|account|person|identity|resource|record|manager|entity|object|group)s?\b[^\n]{0,80}\b(?:not (?:be )?(?:found|located|exist)|no longer exists?|deleted)\b/,
      /\b(?:no such|not find|can not find|unable to (?:find|locate)|unknown) (?:\w{1,16} )?(?:user|member|account|person|identity|resource|record|manager|entity|object|group)s?\b(?! (?:attribute|field|type|propert|schema|name|agent))/,
      /\bno (?:user|member|account|resource|record|group)s? (?:found|with|exists|matching|for)\b/,
      /\bno valid resources\b/,
      /\bnot belong to this\b/,
      /\bnot (?:a member of|part of) (?:this|the|your) (?:organi[sz]ation|account|team|workspace)/,
    ],
    unless: [/\b(?:attribute|column|relation|table|endpoint|route|schema|url)\b/],
    note: 'also said with 400, 403 and 500',
  },
];

const missing: BodyPattern = {
  reason: 'MISSING_REQUIRED',
  says: [
    /(?:\b(?:is|are|was|were|be|field|attribute|value)|['":\]]) (?:a )?(?:required|mandatory|missing)\b/,
    /\b(?:required|mandatory) (?:\w{1,16} )?(?:field|attribute|value|parameter|propert|argument|element|claim|data)/,
    /\bmissing\b[^.\n]{0,40}\b(?:required|mandatory|field|attribute|value|property|properties|parameter|name|user ?name|e-?mail)\b/,
    /^\W{0,8}(?:required|missing|mandatory)\W{0,8}$/,
    /\bnot (?:allowed to )?(?:be|contain) (?:an? )?(?:left )?(?:blank|empty|null|nil|none|undefined|omitted|missing)\b/,
    /\bmust be (?:present|provided|specified|set|supplied|given|included|non-?empty|not empty|defined|populated|entered|filled)\b/,
    /\bmust (?:have|contain|include|provide|specify|supply)\b/,
    /\bplease (?:provide|enter|specify|supply|fill)\b/,
    /\b(?:not|no|none)\b(?: \w{1,16})?(?: been)? (?:provided|specified|supplied|given)\b/,
    /\b(?:field|value|attribute|name|e-?mail) (?:is|was) (?:empty|blank|null|undefined)\b/,
    /\b(?:received|got|found) (?:undefined|null|none)\b/,
    /\bnot[- ]null\b/,
    /\bnull value in column\b/,
    /\b(?:needs?|requires?) (?:an? |at least (?:one|1) )(?:\w{1,16} )?(?:e-?mail|user ?name|name|value|phone|address|manager|department)\b/,
  ],
  unless: [
    /must contain (?:only|valid)/,
    /must not contain/,
    /special character/,
    /must (?:have|contain|include) (?:a |an |only )?(?:valid|unique)/,
    /at least \d+ char/,
  ],
  note: 'RFC 7644 calls this invalidValue too: only the words tell',
};

const leftovers: readonly BodyPattern[] = [
  {
    reason: 'NOT_FOUND',
    says: [/\bnot exist\b/, /\bno longer exists?\b/],
    unless: [
      /\b(?:attribute|column|relation|table|function|method|property|schema|path|endpoint|route|url|page|file|class)\b/,
      /\b(?:value|option|department|domain)\b/,
    ],
    note: 'without saying what',
  },
  {
    reason: 'INVALID_VALUE',
    says: [
      /\b(?:invalid|illegal|incorrect|unknown|unsupported|unacceptable|disallowed|forbidden|bad|malformed)\b[\w ]{0,30} (?:e-?mail|address|phone|number|locale|language|time ?zone|country|region|date|format|characters?|values?|fields?|name|user ?name|department|title|currency|input|url|photo|specials?|choice|option|login)\b/,
      /\b(?:is|are|was) (?:invalid|malformed|too short|not (?:valid|allowed|acceptable|supported|permitted))\b/,
      /\bnot an? (?:valid|supported|allowed|known|recogni[sz]ed|acceptable)\b/,
      /\bmust be (?:one of|a valid|in the|between|at least|lower ?case|upper ?case|alphanumeric|a number|numeric|an e-?mail)\b/,
      /\bnot (?:one of|in the (?:correct|right|valid|expected) format|match)\b/,
      /\b(?:must|may|can|should) (?:match|contain only|only contain|only have|not contain|start|end|begin)\b/,
      /\bcontains? (?:\w{1,16} )?(?:invalid|illegal|forbidden|special|unsupported|disallowed)\b/,
      /\bspecial characters\b/,
      /\bnot supported\b/,
      /\bvalidation (?:failed|error)\b/,
      /\btoo short\b/,
      /\bat least \d+ char/,
    ],
    note: 'a value that a mapping must change',
  },
];

/** What the service provider says of this resource, most telling first. */
export const resourcePatterns: readonly BodyPattern[] = [
  ...malformed,
  ...licensingPatterns,
  ...conflicts,
  ...policies,
  ...values,
  ...identity,
  missing,
  ...leftovers,
];
