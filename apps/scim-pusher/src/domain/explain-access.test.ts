import { expect, test } from '@jest/globals';
import type { Decision } from './decide.ts';
import { explainAccess, type AccessCause, type AccessSituation } from './explain-access.ts';

const at = (hour: number) => new Date(Date.UTC(2026, 10, 24, hour));
const scope = { inScope: true, scopeExplanation: 'in scope by wiki@example.com', parked: [] };
const stays: Decision = { ...scope, do: 'nothing', explanation: 'in step' };
const leaves: Decision = {
  ...scope,
  inScope: false,
  do: 'suspend',
  explanation: 'out of scope: suspended by the policy',
};
const arrives: Decision = { ...scope, do: 'create', desired: { schemas: [] }, explanation: 'has no account yet' };
const active = { state: 'active', since: at(1) } as const;
const words = (what: string) => ({ since: at(5), words: what });
const hold = (what: 'removals' | 'writes') => ({ what, ...words(`ann held ${what}`) });
const everything = {
  inactive: words('the setup was inactive'),
  holds: [hold('writes')],
  held: words('the guard held it'),
  down: words('the service provider failed'),
  failed: words('it was refused'),
};

test.each<[AccessCause, string, Partial<AccessSituation>]>([
  ['as_wanted', 'an account in step', { account: active, decision: stays }],
  ['as_wanted', 'nobody who needs an account', { decision: { ...stays, explanation: 'has no account' } }],
  ['inactive', 'a leaver, before all else', { account: active, decision: leaves, ...everything }],
  ['hold', 'a leaver under a hold of removals', { account: active, decision: leaves, holds: [hold('removals')] }],
  ['guard', 'a leaver who is held', { account: active, decision: leaves, held: words('the guard held it') }],
  ['app_down', 'a leaver while the SP is down', { account: active, decision: leaves, down: words('down') }],
  ['refused', 'a leaver whose removal failed', { account: active, decision: leaves, failed: words('no') }],
  ['under_way', 'a leaver whom nothing stops', { account: active, decision: leaves }],
  [
    'timer',
    'a leaver whose waiting time runs',
    {
      account: active,
      decision: { ...leaves, do: 'nothing', trigger: 'out_of_scope', triggerAt: at(5), dueAt: at(9) },
    },
  ],
  [
    'read_incomplete',
    'a leaver of whom nothing was known',
    { account: active, decision: stays, gap: { ...words('users could not be read'), revealed: words('is suspended') } },
  ],
  ['as_wanted', 'somebody whom a gap did not hide', { account: active, decision: stays, gap: words('a gap') }],
  ['under_way', 'a newcomer under a hold of removals only', { decision: arrives, holds: [hold('removals')] }],
  ['hold', 'a newcomer under a hold of writes', { decision: arrives, holds: [hold('writes')] }],
  ['app_down', 'a newcomer while the SP is down', { decision: arrives, held: words('held'), down: words('down') }],
])('%s explains %s', (cause, _, situation) => {
  const explained = explainAccess({ knownAt: at(4), holds: [], ...situation } as AccessSituation);
  expect(explained.cause).toBe(cause);
});

test('the words say what was, what was to be, and what stood in the way, to the minute', () => {
  const down = { since: new Date('2026-11-24T05:07:31Z'), words: 'the service provider failed (45004 SP_ERROR)' };
  const situation = { account: active, decision: leaves, knownAt: at(4), holds: [], down };
  expect(explainAccess(situation).words).toBe(
    'had access: out of scope: suspended by the policy, known since 2026-11-24T04:00Z; but the service provider failed (45004 SP_ERROR) since 2026-11-24T05:07Z',
  );
});
