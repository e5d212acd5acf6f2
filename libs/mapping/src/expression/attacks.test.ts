import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { setImmediate } from 'node:timers/promises';
import { attacks, largestUser } from './attacks.fixture.ts';
import { compileExpression } from './compile-expression.ts';
import { evaluateExpression } from './evaluate-expression.ts';

const limitMs = 200;
/** What it may hold at once; V8 counts garbage until it is collected. */
const limitHeapBytes = 64_000_000;

/** Other work on the machine may delay one attempt, but hardly each of three. */
function run(source: string, attemptsLeft = 2): ReturnType<typeof runOnce> {
  const ran = runOnce(source);
  // Another source, so that it is compiled again.
  return ran.tookMs >= limitMs && attemptsLeft > 0 ? run(`${source} `, attemptsLeft - 1) : ran;
}

function runOnce(source: string) {
  const heapBefore = process.memoryUsage().heapUsed;
  const startedMs = performance.now();
  const compiled = compileExpression(source);
  const outcome = compiled.ok ? evaluateExpression(compiled.expression, largestUser) : compiled;
  const tookMs = performance.now() - startedMs;
  return { outcome, tookMs, heapBytes: process.memoryUsage().heapUsed - heapBefore };
}

test.each(Object.entries(attacks))('%s ends in under 200 ms, with little memory', (_, source) => {
  const { outcome, tookMs, heapBytes } = run(source);
  expect(tookMs).toBeLessThan(limitMs);
  expect(heapBytes).toBeLessThan(limitHeapBytes);
  if (!outcome.ok) expect(outcome.problem).toMatch(/^\d+:\d+: .{10,400}$/s);
});

test.each([
  ['nested macros, 100³', /^1:25: map, filter, all and exists cannot stand within one another/],
  ['text doubling in a macro', /^1:29: makes a text of more than 16384 characters/],
  ['list doubling', /: makes a list of more than 100 items/],
  ['regular expression (a|a)*c', /^1:21: does more than 1000000 steps of work/],
  ['coalesce that hides the limit', /^1:27: does more than 1000000 steps of work/],
  ['a long chain of || that fails, for each item', /^1:11: does more than 1000000 steps of work/],
  ['text doubling by replace', /^1:10: makes a text of more than 16384 characters/],
  ['a list as each item', /^1:1: gives more than 65536 characters in all/],
  ['brackets without an end', /^1:33: has more than 32 brackets within one another/],
  ['a huge list', /^1:1: is too large \(1020 of 500 nodes\)/],
  ['regexReplace by many groups', /^1:10: does more than 1000000 steps of work/],
  ['equality of long texts', /^1:18: does more than 1000000 steps of work/],
  ['a source that is far too long', /^1:2049: has more than 2048 characters/],
])('%s is stopped with an error that names it', (name, problem) => {
  const { outcome } = run(attacks[name]!);
  expect(outcome).toMatchObject({ ok: false, problem: expect.stringMatching(problem) });
});

test('other work goes on between evaluations, each of which tries to hang', async () => {
  let ticks = 0;
  let longestGapMs = 0;
  let lastMs = performance.now();
  const timer = setInterval(() => {
    ticks += 1;
    longestGapMs = Math.max(longestGapMs, performance.now() - lastMs);
    lastMs = performance.now();
  }, 1);
  const ordinary = compileExpression('"still " + user.id');
  if (!ordinary.ok) throw new Error(ordinary.problem);
  for (const source of Object.values(attacks)) {
    run(source);
    await setImmediate();
    expect(evaluateExpression(ordinary.expression, { id: 'here' })).toEqual({ ok: true, value: 'still here' });
  }
  clearInterval(timer);
  expect(ticks).toBeGreaterThan(10);
  // The machine may have other work, so this is wider than what one evaluation takes.
  expect(longestGapMs).toBeLessThan(5 * limitMs);
});

const names = Object.keys(largestUser).map((key) => `user.${key}`);
const { expression } = fc.letrec<{ expression: string; leaf: string; call: string }>((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom(
      ...names,
      'x',
      '"a"',
      '""',
      '1',
      '2.5',
      'true',
      'null',
      '[]',
      'user.missing.key',
      'user.list[3].value',
    ),
    fc.string({ maxLength: 8 }).map((text) => JSON.stringify(text)),
  ),
  call: fc.oneof(
    fc
      .tuple(tie('expression'), fc.constantFrom('map', 'filter', 'all', 'exists'), tie('expression'))
      .map(([list, macro, body]) => `(${list}).${macro}(x, ${body})`),
    fc
      .tuple(tie('expression'), fc.constantFrom('+', '==', '!=', '<', 'in', '&&', '||', '-', '*'))
      .chain(([left, op]) => tie('expression').map((right) => `(${left}) ${op} (${right})`)),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom(
          'lower()',
          'upper()',
          'trim()',
          'removeDiacritics()',
          'first()',
          'primary()',
          'join(",")',
          'size()',
          'left(9)',
          'split("a")',
          'replace("a", "aa")',
          'matches("(a|b)*c")',
          'regexReplace("a(b?)", "$1c")',
        ),
      )
      .map(([value, method]) => `(${value}).${method}`),
    fc.tuple(tie('expression'), tie('expression'), tie('expression')).map(([a, b, c]) => `(${a}) ? (${b}) : (${c})`),
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `coalesce(${a}, ${b})`),
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `[${a}, ${b}]`),
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `switch(${a}, {"a": ${b}}, 1)`),
  ),
  expression: fc.oneof({ maxDepth: 6, depthIdentifier: 'e' }, tie('leaf'), tie('call'), tie('call')),
}));

test('no expression at all takes longer than 200 ms or throws', () => {
  fc.assert(
    fc.property(expression, (source) => {
      const { outcome, tookMs } = run(source);
      expect(tookMs).toBeLessThan(limitMs);
      if (!outcome.ok) expect(outcome.problem).not.toContain('bug');
    }),
    { numRuns: 2_000 },
  );
});

test('no text at all, taken for an expression, takes longer than 200 ms or throws', () => {
  const pieces = fc.array(
    fc.constantFrom(
      'user',
      '.',
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
      '"',
      "'",
      '+',
      '?',
      ':',
      ',',
      '1',
      'x',
      '||',
      ' ',
      '\\',
      'map',
      '\n',
      '//',
    ),
    { maxLength: 300 },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        pieces.map((parts) => parts.join('')),
      ),
      (source) => {
        expect(run(source).tookMs).toBeLessThan(limitMs);
      },
    ),
    { numRuns: 1_000 },
  );
});
