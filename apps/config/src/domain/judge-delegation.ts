import type { CheckDelegationResponse, ScopeCheck } from '@autoprov/proto';
import { passed, type Finding } from './finding.ts';

/** The token endpoint does not answer: nothing is wrong, nothing is known. */
const UNREACHABLE = '17002';

/** What a check of the delegation says of `delegation` and of each `scope <URL>`. */
export function judgeDelegation({
  scopes,
  googleCustomerId,
  code,
  reason,
  message,
}: CheckDelegationResponse): Finding[] {
  const perScope = scopes.map(judgeScope);
  const missing = perScope.find(({ verdict }) => verdict !== 'passed');
  const noneGranted = perScope.every(({ verdict }) => verdict !== 'passed');
  const delegation: Finding =
    code !== ''
      ? { ...verdictOf(code), id: 'delegation', code, reason, message }
      : missing && noneGranted
        ? { ...missing, id: 'delegation' }
        : passed('delegation', googleCustomerId && `reads the directory of the Google customer ${googleCustomerId}`);
  return [delegation, ...perScope];
}

function judgeScope({ scope, granted, code, reason }: ScopeCheck): Finding {
  const id = `scope ${scope}`;
  if (granted) return passed(id);
  const advice =
    code === UNREACHABLE
      ? 'Google could not be asked for it: check again later'
      : `Google gives no token for it: grant it to the service account in Google's admin console`;
  return { ...verdictOf(code), id, code, reason, message: advice };
}

function verdictOf(code: string): Pick<Finding, 'verdict'> {
  return { verdict: code === UNREACHABLE ? 'unknown' : 'failed' };
}
