import type { DirectoryUser, ProvisioningScope } from '@autoprov/proto';
import type { JsonObject } from '@autoprov/scim';
import { compileExpression } from './expression/compile-expression.ts';
import { evaluateExpression } from './expression/evaluate-expression.ts';

export type ScopeVerdict = {
  /** undefined: the filter has no answer for this person, who is neither added nor removed. */
  inScope: boolean | undefined;
  /** A sentence for people: by which group, org unit, filter or name. */
  explanation: string;
};

/** Whether a filter lets a person pass, or why it has no answer. */
export type FilterAnswer = { passes: boolean } | { problem: string };

/**
 * Whether the scope wants this person, whatever their state. Exclusion wins; a named person needs nothing else; an empty
 * scope wants everybody. Where the filter has no answer, whether somebody is in scope is unknown.
 */
export function isInScope(scope: ProvisioningScope | undefined, user: DirectoryUser): ScopeVerdict {
  const { groups = [], orgUnits = [], excludedOrgUnits = [], persons = [], excludedPersons = [] } = scope ?? {};
  const filter = scope?.filter ?? '';
  const named = (list: readonly string[]) =>
    list.find((entry) => entry === userId(user) || entry.toLowerCase() === user.primaryEmail.toLowerCase());
  if (named(excludedPersons)) return { inScope: false, explanation: 'excluded by name' };
  if (named(persons)) return { inScope: true, explanation: 'included by name' };
  const criteria = groups.length + orgUnits.length + excludedOrgUnits.length + filter.length;
  if (criteria === 0 && persons.length > 0) {
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
  const answer = filter === '' ? { passes: true } : askFilter(filter, (user.attributes ?? {}) as JsonObject);
  // Only here: who is out by group or org unit is out whatever the filter says.
  if ('problem' in answer) return { inScope: undefined, explanation: `the filter has no answer: ${answer.problem}` };
  if (!answer.passes) return { inScope: false, explanation: 'the filter of the scope is false' };
  const reasons = [
    group && `in the group ${group}`,
    unit && `in the org unit ${unit}`,
    filter !== '' && 'the filter of the scope is true',
  ].filter(Boolean);
  return { inScope: true, explanation: reasons.join(' and ') || 'everybody is in scope' };
}

/** Whether a scope's filter lets somebody pass, by Google's users resource. */
export function askFilter(filter: string, user: JsonObject): FilterAnswer {
  const compiled = compileExpression(filter);
  if (!compiled.ok) return compiled;
  const result = evaluateExpression(compiled.expression, user);
  if (!result.ok) return result;
  if (typeof result.value === 'boolean') return { passes: result.value };
  return { problem: '1:1: gives neither true nor false: compare it, for example with == or !=' };
}

function userId(user: DirectoryUser): string {
  return user.name.slice(user.name.lastIndexOf('/') + 1);
}

/** Of the org units that hold the path, the deepest: units below inherit until a deeper one says otherwise. */
function closestUnit(path: string, units: readonly string[]): string | undefined {
  const holds = (unit: string) => unit === '/' || path === unit || path.startsWith(`${unit}/`);
  return units.filter(holds).sort((a, b) => b.length - a.length)[0];
}
