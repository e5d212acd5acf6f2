import type { DirectoryUser, ProvisioningScope } from '@autoprov/proto';

export type ScopeVerdict = {
  /** undefined: the filter has no answer for this person, who is neither added nor removed. */
  inScope: boolean | undefined;
  /** A sentence for people: by which group, org unit or name. */
  explanation: string;
};

/**
 * Whether the scope wants this person, whatever their state. Exclusion wins; a named person needs nothing else; an empty
 * scope wants everybody.
 */
export function isInScope(scope: ProvisioningScope | undefined, user: DirectoryUser): ScopeVerdict {
  const { groups = [], orgUnits = [], excludedOrgUnits = [], persons = [], excludedPersons = [] } = scope ?? {};
  const named = (list: readonly string[]) =>
    list.find((entry) => entry === userId(user) || entry.toLowerCase() === user.primaryEmail.toLowerCase());
  if (named(excludedPersons)) return { inScope: false, explanation: 'excluded by name' };
  if (named(persons)) return { inScope: true, explanation: 'included by name' };
  if (groups.length === 0 && orgUnits.length === 0 && excludedOrgUnits.length === 0 && persons.length > 0) {
    return { inScope: false, explanation: 'only named persons are in scope' };
  }
  const unit = closestUnit(user.orgUnitPath, [...orgUnits, ...excludedOrgUnits]);
  if (unit !== undefined && excludedOrgUnits.includes(unit)) {
    return { inScope: false, explanation: `the org unit ${unit} is excluded` };
  }
  if (orgUnits.length > 0 && unit === undefined) {
    return { inScope: false, explanation: `the org unit ${user.orgUnitPath} is not included` };
  }
  const group = groups.find((name) => user.groups.includes(name));
  if (groups.length > 0 && group === undefined)
    return { inScope: false, explanation: 'in none of the groups of the scope' };
  const reasons = [group && `in the group ${group}`, unit && `in the org unit ${unit}`].filter(Boolean);
  return { inScope: true, explanation: reasons.join(' and ') || 'everybody is in scope' };
}

function userId(user: DirectoryUser): string {
  return user.name.slice(user.name.lastIndexOf('/') + 1);
}

/** Of the org units that hold the path, the deepest: units below inherit until a deeper one says otherwise. */
function closestUnit(path: string, units: readonly string[]): string | undefined {
  const holds = (unit: string) => unit === '/' || path === unit || path.startsWith(`${unit}/`);
  return units.filter(holds).sort((a, b) => b.length - a.length)[0];
}
