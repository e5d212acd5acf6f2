import type { GroupCheck, ProvisioningSetup } from '@autoprov/proto';
import { passed, type Finding, type Refusal } from './finding.ts';

const MISSING = '50005';

/** What the directory says of the groups that a setup names. */
export function judgeGroups(
  checks: readonly GroupCheck[],
  { scope, pushedGroups }: Pick<ProvisioningSetup, 'scope' | 'pushedGroups'>,
): Finding[] {
  const fieldsOf = (name: string) => [
    ...(scope?.groups ?? []).flatMap((group, i) => (group === name ? [`setup.scope.groups[${i}]`] : [])),
    ...pushedGroups.flatMap(({ group }, i) => (group === name ? [`setup.pushed_groups[${i}].group`] : [])),
  ];
  return checks.map(({ group, found, code, reason }) => {
    const id = `group ${group}`;
    if (found) return passed(id);
    if (code !== MISSING) {
      const message = `it could not be found out whether the group exists: see ${code} in docs/failures.md`;
      return { id, verdict: 'unknown', code, reason, message };
    }
    const message = 'Google knows no such group: correct its address or id, or leave it out';
    const violations = fieldsOf(group).map((field) => ({ field, description: message }));
    const refusal: Refusal = { reason: 'INVALID_REQUEST', violations };
    return { id, verdict: 'failed', code, reason, message, refusal };
  });
}
