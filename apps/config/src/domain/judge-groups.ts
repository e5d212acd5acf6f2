import type { GroupCheck } from '@autoprov/proto';
import { passed, type Finding, type Refusal } from './finding.ts';

const MISSING = '50005';

/** What the directory says of each group of a scope: `checks` in the order of the scope. */
export function judgeGroups(checks: readonly GroupCheck[]): Finding[] {
  return checks.map(({ group, found, code, reason }, i) => {
    const id = `group ${group}`;
    if (found) return passed(id);
    if (code !== MISSING) {
      const message = `it could not be found out whether the group exists: see ${code} in docs/failures.md`;
      return { id, verdict: 'unknown', code, reason, message };
    }
    const message = 'Google knows no such group: correct its address or id, or leave it out';
    const violations = [{ field: `setup.scope.groups[${i}]`, description: message }];
    const refusal: Refusal = { reason: 'INVALID_REQUEST', violations };
    return { id, verdict: 'failed', code, reason, message, refusal };
  });
}
