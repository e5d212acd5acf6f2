import {
  DeprovisioningPolicy,
  ProvisioningScope,
  type GuardPolicy,
  type ProvisioningSetup,
  type SetupDefaults,
} from '@autoprov/proto';

/** The triggers of a deprovisioning policy, each with a rule of its own. */
export const triggers = ['outOfScope', 'suspended', 'archived', 'deleted'] as const;

/**
 * A setup with what it takes over from its customer: what is provisioned. Exclusions are added; a trigger without a rule
 * has the customer's; matching is the customer's when the setup has none; so is each limit of the guard, and its protected
 * persons are added.
 *
 * @param defaults the customer's; undefined: it has none, and the setup is as stored
 */
export function effectiveSetup(setup: ProvisioningSetup, defaults: SetupDefaults | undefined): ProvisioningSetup {
  if (!defaults) return setup;
  return {
    ...setup,
    scope: effectiveScope(setup.scope, defaults),
    deprovisioning: withRulesOf(setup.deprovisioning, defaults.deprovisioning),
    matching: setup.matching ?? defaults.matching,
    guard: effectiveGuard(setup.guard, defaults.guard),
  };
}

/**
 * A policy whose triggers without a rule have those of another.
 *
 * @param first has precedence over `other`: what it has a rule for is left open
 */
export function withRulesOf(
  own: DeprovisioningPolicy | undefined,
  other: DeprovisioningPolicy | undefined,
  first?: DeprovisioningPolicy,
): DeprovisioningPolicy | undefined {
  const added = triggers.filter((trigger) => !own?.[trigger] && !first?.[trigger] && other?.[trigger]);
  if (added.length === 0) return own;
  return DeprovisioningPolicy.fromPartial({
    ...own,
    ...Object.fromEntries(added.map((trigger) => [trigger, other?.[trigger]])),
  });
}

function effectiveScope(
  scope: ProvisioningScope | undefined,
  { excludedOrgUnits, excludedPersons }: SetupDefaults,
): ProvisioningScope | undefined {
  const own = scope ?? ProvisioningScope.fromPartial({});
  const added = {
    // A scope of nothing but persons holds nobody else. An excluded org unit would make it everybody in the other ones.
    excludedOrgUnits: namesOnlyPersons(own) ? [] : missing(own.excludedOrgUnits, excludedOrgUnits),
    // Addresses are the same in any case.
    excludedPersons: missing(own.excludedPersons, excludedPersons, (person) => person.toLowerCase()),
  };
  if (added.excludedOrgUnits.length + added.excludedPersons.length === 0) return scope;
  return {
    ...own,
    excludedOrgUnits: [...own.excludedOrgUnits, ...added.excludedOrgUnits],
    excludedPersons: [...own.excludedPersons, ...added.excludedPersons],
  };
}

function effectiveGuard(own: GuardPolicy | undefined, inherited: GuardPolicy | undefined): GuardPolicy | undefined {
  if (!own || !inherited) return own ?? inherited;
  return {
    maxCount: own.maxCount || inherited.maxCount,
    maxSharePercent: own.maxSharePercent || inherited.maxSharePercent,
    window: own.window ?? inherited.window,
    protectedPersons: [
      ...own.protectedPersons,
      ...missing(own.protectedPersons, inherited.protectedPersons, (person) => person.toLowerCase()),
    ],
  };
}

function namesOnlyPersons({ groups, orgUnits, excludedOrgUnits, persons, filter }: ProvisioningScope): boolean {
  return persons.length > 0 && [groups, orgUnits, excludedOrgUnits, filter].every(({ length }) => length === 0);
}

/** What of `wanted` is not in `list` yet. */
function missing(list: readonly string[], wanted: readonly string[], keyOf = (value: string) => value): string[] {
  const known = new Set(list.map(keyOf));
  return wanted.filter((value) => !known.has(keyOf(value)));
}
