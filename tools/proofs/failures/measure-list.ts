import { FailureFilter, Outcome_Action } from '@autoprov/proto';
import type { Network } from '@autoprov/testing';
import type { Display } from '../../shared/display.ts';

const PAGES = 1000;
const CALL = { timeoutMs: 60_000 };

type Question = [what: string, parent: string, filter: Partial<FailureFilter>];

const app = 'customers/many/apps/app7';
/** What operators and admins ask for. */
const questions: Question[] = [
  ['everything', 'customers/-', {}],
  ['a customer', 'customers/many', {}],
  ['a small customer', 'customers/few', {}],
  ['an app', 'customers/many', { app }],
  ['a code', 'customers/-', { code: '45006' }],
  ['a code of a customer', 'customers/few', { code: '45006' }],
  ['a code that nothing has', 'customers/-', { code: '45004' }],
  ['a reason', 'customers/many', { reason: 'DUPLICATE' }],
  ['a reason that nothing has', 'customers/many', { reason: 'RATE_LIMITED' }],
  ['an action', 'customers/-', { action: Outcome_Action.ACTION_CREATE }],
  ['an action that nothing has', 'customers/-', { action: Outcome_Action.ACTION_DELETE }],
  ['a person', 'customers/many', { user: 'customers/many/users/100000123456' }],
  ['a time', 'customers/-', { openStartTime: new Date('2026-03-01'), openEndTime: new Date('2026-03-02') }],
  ['an app and a code', 'customers/many', { app, code: '45003' }],
  ['all states', 'customers/many', { states: [1, 2, 3, 4] }],
];

/** How long pages of 100 take, first ones and those after them; the time of all but the slowest hundredth. */
export async function measureList({ clients }: Network, display: Display) {
  const taken: { ms: number; what: string }[] = [];
  const tokens = new Map<string, string>();
  for (let i = 0; i < PAGES; i++) {
    const [what, parent, filter] = questions[i % questions.length]!;
    const pageToken = tokens.get(what) ?? '';
    const request = { parent, filter: FailureFilter.fromPartial(filter), pageSize: 100, pageToken };
    const startMs = performance.now();
    const { nextPageToken } = await clients.failures.listFailures(request, CALL);
    // The first of each finds nothing in the caches of the database.
    taken.push({ ms: performance.now() - startMs, what });
    tokens.set(what, nextPageToken);
    if (i % 100 === 0) display.step('pages', `${i} of ${PAGES}`);
  }
  const sorted = taken.toSorted((a, b) => b.ms - a.ms);
  const p99Ms = Number(sorted[Math.floor(PAGES / 100)]!.ms.toFixed(1));
  return { p99Ms, pages: PAGES, slowest: `${sorted[0]!.what}, ${sorted[0]!.ms.toFixed(0)} ms` };
}
