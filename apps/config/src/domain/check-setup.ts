import { checkMapping, checkMatchingExpression, checkScopeFilter } from '@autoprov/mapping';
import {
  ComparisonPolicy_Action,
  MatchingPolicy_OnExisting,
  MatchingPolicy_OnForeignExternalId,
  MatchingPolicy_OnVanished,
  ProvisioningSetup,
  type ComparisonPolicy,
  type DeprovisioningPolicy,
  type Duration,
  type GuardPolicy,
  type MappingRow,
  type MatchingPolicy,
  type ProvisioningScope,
} from '@autoprov/proto';
import { MappingRow_Apply, MappingRow_OnNull } from '@autoprov/proto';
import { checkUrl } from '@autoprov/outbound';
import { isAttributePath } from '@autoprov/scim';
import { checkJson } from './check-json.ts';
import { checkList } from './check-list.ts';
import { checkMappingTests } from './check-mapping-tests.ts';
import { checkPushedGroups } from './check-pushed-groups.ts';

/** What is wrong with one field, in the form of google.rpc.BadRequest; `field` is a path in proto names. */
export type Violation = { field: string; description: string };

/** What travels to every follower in one message with many others. */
const MAX_SETUP_BYTES = 1_000_000;
const MAX_DURATION_SECONDS = 315_576_000_000n;
/** What the pusher remembers of accepted changes: 31 days. */
const MAX_WINDOW_SECONDS = 2_678_400n;
/** A year. */
const MAX_INTERVAL_HOURS = 8_760;
const matchingAttributes = ['externalId', 'userName', 'emails'];
const neverCompared = new Set(['active', 'id', 'meta', 'schemas', 'groups', 'password']);
const MAX_RULES = 10;

/** Everything that is wrong with a setup as an admin writes it; empty when it can be stored. */
export function checkSetup(setup: ProvisioningSetup, allowedHosts: readonly string[]): Violation[] {
  const endpoint = checkUrl(setup.endpointUrl, allowedHosts);
  const rows = setup.attributeMapping?.rows ?? [];
  const violations = [
    ...(endpoint === undefined ? [] : [{ field: 'endpoint_url', description: endpoint }]),
    ...prefix('attribute_mapping', [...checkMapping(rows), ...rows.flatMap(checkRow)]),
    ...prefix('scope', checkScope(setup.scope)),
    ...prefix('deprovisioning', checkDeprovisioning(setup.deprovisioning)),
    ...prefix('matching', checkMatching(setup.matching)),
    ...checkMappingTests(setup.mappingTests),
    ...prefix('guard', checkGuard(setup.guard)),
    ...prefix('comparison', checkComparison(setup.comparison)),
    ...checkPushedGroups(setup.pushedGroups),
  ];
  if (ProvisioningSetup.encode(setup).finish().length > MAX_SETUP_BYTES) {
    const description = `is larger than ${MAX_SETUP_BYTES} bytes: name groups instead of persons`;
    return [{ field: 'setup', description }];
  }
  return prefix('setup', violations);
}

/** What checkMapping leaves to the place where rows are stored. */
function checkRow({ source, defaultValue, apply, onNull }: MappingRow, i: number): Violation[] {
  const row = `rows[${i}]`;
  return [
    ...(source?.$case === 'constant' ? checkConstant(`${row}.constant`, source.value) : []),
    ...checkJson(`${row}.default_value`, defaultValue),
    ...checkEnum(`${row}.apply`, apply, MappingRow_Apply),
    ...checkEnum(`${row}.on_null`, onNull, MappingRow_OnNull),
  ];
}

function checkConstant(field: string, value: unknown): Violation[] {
  if (value !== undefined && value !== null) return checkJson(field, value);
  return [{ field, description: 'has no value: give it one, or leave out the row' }];
}

function checkScope(scope: ProvisioningScope | undefined): Violation[] {
  if (!scope) return [];
  return [
    // Addresses are the same in any case.
    ...checkList('groups', scope.groups, { ignoreCase: true }),
    ...checkList('org_units', scope.orgUnits),
    ...checkList('excluded_org_units', scope.excludedOrgUnits),
    ...checkList('persons', scope.persons, { ignoreCase: true }),
    ...checkList('excluded_persons', scope.excludedPersons, { ignoreCase: true }),
    ...checkOrgUnits('org_units', scope.orgUnits),
    ...checkOrgUnits('excluded_org_units', scope.excludedOrgUnits),
    ...checkFilter(scope.filter),
  ];
}

function checkFilter(filter: string): Violation[] {
  // A text in it may hold what PostgreSQL cannot store.
  if (filter.includes('\0')) return [{ field: 'filter', description: 'holds the character NUL: remove it' }];
  return checkScopeFilter(filter);
}

/** What is wrong with paths of org units; empty: nothing. */
export function checkOrgUnits(field: string, paths: readonly string[]): Violation[] {
  const description = 'is not a path of an org unit: write for example /Sales/EMEA';
  return paths.flatMap((path, i) =>
    path === '/' || /^(\/[^/]+)+$/.test(path) ? [] : [{ field: `${field}[${i}]`, description }],
  );
}

/** What is wrong with the rules of a policy, whatever the service provider can do; empty: nothing. */
export function checkDeprovisioning(policy: DeprovisioningPolicy | undefined): Violation[] {
  if (!policy) return [];
  const { outOfScope: out_of_scope, suspended, archived, deleted } = policy;
  return Object.entries({ out_of_scope, suspended, archived, deleted }).flatMap(([trigger, rule]) => {
    const { suspendAfter, deleteAfter } = rule ?? {};
    const violations = [
      ...checkDuration(`${trigger}.suspend_after`, suspendAfter),
      ...checkDuration(`${trigger}.delete_after`, deleteAfter),
    ];
    if (violations.length > 0 || !suspendAfter || !deleteAfter || nanosOf(deleteAfter) >= nanosOf(suspendAfter)) {
      return violations;
    }
    return [{ field: `${trigger}.delete_after`, description: 'comes before suspend_after: make it as long or longer' }];
  });
}

function checkDuration(field: string, duration: Duration | undefined): Violation[] {
  if (!duration) return [];
  const { seconds, nanos } = duration;
  const ok = seconds >= 0n && seconds <= MAX_DURATION_SECONDS && nanos >= 0 && nanos < 1_000_000_000;
  return ok ? [] : [{ field, description: 'is not a duration of zero or more: write for example 86400s' }];
}

function nanosOf({ seconds, nanos }: Duration): bigint {
  return seconds * 1_000_000_000n + BigInt(nanos);
}

/** What is wrong with a matching policy; empty: nothing. */
export function checkMatching(matching: MatchingPolicy | undefined): Violation[] {
  if (!matching) return [];
  const { attributes, rules, onExisting, onForeignExternalId, onVanished } = matching;
  const description = `is not compared: use ${matchingAttributes.join(', ')}, or rules for others`;
  return [
    ...checkList('attributes', attributes),
    ...attributes.flatMap((name, i) =>
      matchingAttributes.includes(name) ? [] : [{ field: `attributes[${i}]`, description }],
    ),
    ...checkRules(matching),
    ...(rules.length > 0 && attributes.length > 0
      ? [{ field: 'attributes', description: 'are given beside rules: move them into rules' }]
      : []),
    ...checkEnum('on_existing', onExisting, MatchingPolicy_OnExisting),
    ...checkEnum('on_foreign_external_id', onForeignExternalId, MatchingPolicy_OnForeignExternalId),
    ...checkEnum('on_vanished', onVanished, MatchingPolicy_OnVanished),
  ];
}

function checkRules({ rules }: MatchingPolicy): Violation[] {
  if (rules.length > MAX_RULES)
    return [{ field: 'rules', description: `are more than ${MAX_RULES}: leave out the last` }];
  const seen = new Set<string>();
  return rules.flatMap(({ attribute, expression }, i) => {
    const problem = problemOfAttribute(attribute);
    const key = JSON.stringify([attribute, expression]);
    const isRepeated = seen.has(key);
    seen.add(key);
    return [
      ...(problem === undefined ? [] : [{ field: `rules[${i}].attribute`, description: problem }]),
      ...(isRepeated ? [{ field: `rules[${i}]`, description: 'stands there already: remove it' }] : []),
      ...(expression.includes('\0')
        ? [{ field: `rules[${i}].expression`, description: 'holds the character NUL: remove it' }]
        : prefix(`rules[${i}]`, checkMatchingExpression(expression))),
    ];
  });
}

function problemOfAttribute(attribute: string): string | undefined {
  const usual = matchingAttributes.find((name) => name.toLowerCase() === attribute.toLowerCase());
  if (usual !== undefined) return usual === attribute ? undefined : `is spelled ${usual}: correct it`;
  const lower = attribute.toLowerCase();
  if (lower === 'emails.value') return 'is compared as emails: write that';
  if (neverCompared.has(lower)) return 'tells nobody apart: compare another attribute';
  if (attribute.length <= 500 && isAttributePath(attribute)) return undefined;
  return 'is no attribute to filter by: write for example userName, or urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber';
}

/** What is wrong with the limits of a guard; empty: nothing. */
export function checkGuard(guard: GuardPolicy | undefined): Violation[] {
  if (!guard) return [];
  const { maxCount, maxSharePercent, window, protectedPersons } = guard;
  const windowFits = !window || (window.seconds > 0n && window.seconds <= MAX_WINDOW_SECONDS && window.nanos === 0);
  return [
    ...(maxCount >= 0
      ? []
      : [{ field: 'max_count', description: 'is negative: write how many people, or leave it out' }]),
    ...(maxSharePercent >= 0 && maxSharePercent <= 100
      ? []
      : [{ field: 'max_share_percent', description: 'is no share: write 1 to 100, or leave it out' }]),
    ...(windowFits
      ? []
      : [{ field: 'window', description: 'is not 1 second to 31 days in whole seconds: write for example 86400s' }]),
    ...checkList('protected_persons', protectedPersons, { ignoreCase: true }),
  ];
}

function checkComparison(comparison: ComparisonPolicy | undefined): Violation[] {
  if (!comparison) return [];
  const { intervalHours, action } = comparison;
  const fits = intervalHours >= 0 && intervalHours <= MAX_INTERVAL_HOURS;
  const description = `is not 0 to ${MAX_INTERVAL_HOURS}: write for example 168 for once a week, or 0 for never by itself`;
  return [
    ...(fits ? [] : [{ field: 'interval_hours', description }]),
    ...checkEnum('action', action, ComparisonPolicy_Action),
  ];
}

/** An enum's number comes from the wire, where newer clients may know more of them. */
function checkEnum(field: string, value: number, names: Readonly<Record<string, number>>): Violation[] {
  if (value >= 0 && Object.values(names).includes(value)) return [];
  const known = Object.keys(names).filter((name) => name !== 'UNRECOGNIZED');
  return [{ field, description: `has the unknown value ${value}: use ${known.join(', ')}` }];
}

/** The same violations of a message that stands in the field `message`. */
export function prefix(message: string, violations: readonly Violation[]): Violation[] {
  return violations.map(({ field, description }) => ({ field: `${message}.${field}`, description }));
}
