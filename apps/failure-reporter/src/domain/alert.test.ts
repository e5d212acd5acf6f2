import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  decideAlert,
  newAlert,
  OPERATOR,
  OVER_AFTER_MS,
  recipientsOf,
  REMIND_AFTER_MS,
  TELL_AFTER_MS,
  webhookIdOf,
  type Alert,
  type Telling,
} from './alert.ts';

const start = new Date('2026-01-01T00:00:00Z');
const fresh = newAlert('customers/acme', '0123456789abcdef', start);
const told: Alert = { ...fresh, tellTime: start, tellCount: 1 };
const { recipient } = fresh;

test.each<[string, string[], Alert[], string[]]>([
  ['of one customer is that customer’s', ['customers/acme'], [], ['customers/acme']],
  ['of several customers is the operator’s', ['customers/acme', 'customers/best'], [], [OPERATOR]],
  ['of the installation is the operator’s', [''], [], [OPERATOR]],
  [
    'that was the operator’s stays so when one customer is left',
    [recipient],
    [{ ...fresh, recipient: OPERATOR }],
    [OPERATOR],
  ],
  ['that spreads stays with who was told, too', [recipient, 'customers/best'], [told], [OPERATOR, recipient]],
  [
    'that spreads before its customer was told is the operator’s alone',
    [recipient, 'customers/best'],
    [fresh],
    [OPERATOR],
  ],
  ['that is over for who was told is not theirs', ['customers/best', 'customers/cost'], [told], [OPERATOR]],
])('a cause %s', (_, customers, alerts, recipients) => {
  expect(recipientsOf({ causeId: fresh.causeId, customers }, alerts)).toEqual(recipients);
});

/** What is told over passes every `stepMs`, with when. */
function run(passes: { failing: boolean; muted: boolean }[], stepMs: number) {
  let alert: Alert | undefined;
  const tellings: { telling: Telling; atMs: number; id: string }[] = [];
  for (const [i, pass] of passes.entries()) {
    const now = new Date(start.getTime() + i * stepMs);
    if (!alert && !pass.failing) continue;
    const known: Alert = alert ?? newAlert(recipient, 'c', now);
    const decided = decideAlert(known, pass, now);
    if (decided.telling) {
      const id = webhookIdOf(decided.alert ?? known, decided.telling);
      tellings.push({ telling: decided.telling, atMs: i * stepMs, id });
    }
    alert = decided.alert;
  }
  return tellings;
}

const fails = { failing: true, muted: false };
const passes = { failing: false, muted: false };
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

test('what fails for less than the settling time is told to nobody', () => {
  expect(run([...times(5, fails), ...times(200, passes)], TELL_AFTER_MS / 5)).toEqual([]);
});

test('what fails for three days is told once a day, and once when it is over', () => {
  const stepMs = OVER_AFTER_MS;
  const days = (3 * REMIND_AFTER_MS) / stepMs;
  const tellings = run([...times(days, fails), ...times(5, passes)], stepMs).map(({ telling }) => telling);
  expect(tellings).toEqual(['opened', 'still_failing', 'still_failing', 'ended']);
});

test('what comes and goes faster than it can be over is told once', () => {
  const flapping = times(50, [...times(4, fails), ...times(9, passes)]).flat();
  expect(run(flapping, OVER_AFTER_MS / 10).map(({ telling }) => telling)).toEqual(['opened']);
});

test('what is muted is not told, but what was told is told to be over, and what outlasts the mute is told', () => {
  const muted = { failing: true, muted: true };
  const stepMs = OVER_AFTER_MS;
  const names = (it: Parameters<typeof run>[0]) => run(it, stepMs).map(({ telling }) => telling);
  expect(names([...times(500, muted), ...times(5, passes)])).toEqual([]);
  expect(names([...times(3, fails), ...times(500, muted), ...times(5, { ...muted, failing: false })])).toEqual([
    'opened',
    'ended',
  ]);
  expect(names([...times(500, muted), ...times(2, fails)])).toEqual(['opened']);
});

test('whatever happens: opened and ended alternate, reminders are a day apart, ids differ', () => {
  const pass = fc.record({ failing: fc.boolean(), muted: fc.boolean() });
  const stretch = fc.tuple(fc.integer({ min: 1, max: 200 }), pass).map(([count, it]) => times(count, it));
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 8 }), (stretches) => {
      const tellings = run(stretches.flat(), OVER_AFTER_MS);
      expect(new Set(tellings.map(({ id }) => id)).size).toBe(tellings.length);
      for (const [i, { telling, atMs }] of tellings.entries()) {
        const before = tellings[i - 1];
        if (telling === 'opened') expect(before?.telling ?? 'ended').toBe('ended');
        else expect(before && before.telling !== 'ended').toBe(true);
        if (telling === 'still_failing') expect(atMs - before!.atMs).toBeGreaterThanOrEqual(REMIND_AFTER_MS);
      }
    }),
  );
});
