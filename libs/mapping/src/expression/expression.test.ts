import { expect, test } from '@jest/globals';
import type { JsonObject } from '@autoprov/scim';
import { compileExpression } from './compile-expression.ts';
import { evaluateExpression } from './evaluate-expression.ts';

const ada: JsonObject = {
  id: '42',
  primaryEmail: 'Ada@Example.com',
  name: { givenName: 'Łukasz', familyName: 'Müller-Straße' },
  aliases: ['a@x.example', 'b@y.example'],
  organizations: [{ title: 'Old' }, { title: 'Boss', primary: true }],
  customSchemas: { Employment: { badge: 'B-7', level: 3, sites: [{ value: 'Vienna' }, { value: 'Graz' }] } },
};

function evaluate(source: string, user: JsonObject = ada) {
  const compiled = compileExpression(source);
  return compiled.ok ? evaluateExpression(compiled.expression, user) : compiled;
}

test.each<[string, unknown]>([
  ['user.primaryEmail.lower()', 'ada@example.com'],
  ['lower(user.primaryEmail)', 'ada@example.com'],
  ['join(user.aliases, ", ")', 'a@x.example, b@y.example'],
  ['user.name.givenName.removeDiacritics() + " " + removeDiacritics(user.name.familyName)', 'Lukasz Muller-Strasse'],
  ['primary(user.organizations).title', 'Boss'],
  ['coalesce(user.name.nickName, user.nothing[3].at.all, "", [], null, user.id)', '42'],
  ['coalesce(user.name.nickName)', null],
  ['switch(user.customSchemas.Employment.badge, {"B-7": "seven"}, "other")', 'seven'],
  ['switch(user.id, {"B-7": "seven"}, "other")', 'other'],
  ['switch(user.id, {"B-7": "seven"})', null],
  ['user.customSchemas.Employment.sites.map(s, s.value)', ['Vienna', 'Graz']],
  [
    'user.aliases.map(a, {"value": a, "type": "other"})',
    [
      { value: 'a@x.example', type: 'other' },
      { value: 'b@y.example', type: 'other' },
    ],
  ],
  ['user.customSchemas["Employment"].level > 2', true],
  ['int(user.customSchemas.Employment.level) + 1', 4],
  ['"😀bc".left(2)', '😀b'],
  ['"abc".substring(1, 99)', 'bc'],
  ['"abc".substring(-5)', 'abc'],
  ['has(user.customSchemas) ? "yes" : "no"', 'yes'],
  ['user.name.map(key, key)', ['givenName', 'familyName']],
])('%s gives %j', (source, value) => {
  expect(evaluate(source)).toEqual({ ok: true, value });
});

test.each([
  ['user.name.nickName', '1:10: the user has no "nickName": use coalesce(…, "") or has(…)'],
  ['user.aliases[7]', /^1:\d+: the user has no item 7/],
  ['first([])', /^1:\d+: the list is empty: use coalesce/],
  ['user.id + 1', /^1:9: \+ cannot be used on \(string, int\): convert with string\(\)/],
  ['user.id.left("a")', /^1:\d+: left cannot be used on/],
  ['5 / 0', /^1:\d+: int divide by zero/],
  ['user.primaryEmail ==', /^1:\d+: (ends too early|is not CEL)/],
  ['user.id +\n foo', '2:2: "foo" is not known: begin with user, for example user.primaryEmail'],
  ['"abc', '1:1: has a text without an end: close its quotes'],
  ['user', /^1:1: "user" must be followed by an attribute/],
  ['user[user.id]', /^1:\d+: "user" must be followed by an attribute/],
  ['user.customSchemas[user.id].badge', /^1:\d+: the custom schema must be written out/],
  ['user.id.sha256()', /^1:8: "sha256" is no function/],
  ['user.id.left()', /^1:8: left takes 1 arguments/],
  ['user.id.matches(user.name.givenName)', /^1:8: a regular expression must be written out/],
  ['user.id.matches("(a")', /^1:8: the regular expression missing closing \)/],
  ['user.id.matches("(?=a)")', /^1:8: .*without look-around/],
  ['timestamp("2026-01-01T00:00:00Z")', /^1:1: "timestamp" is no function/],
  ['b"x"', /^1:1: bytes are no value/],
  ['1u', /^1:1: unsigned numbers are not known/],
  ['', /^1:1: is empty/],
])('%s is refused with its place and what to do', (source, problem) => {
  const outcome = evaluate(source);
  if (outcome.ok) throw new Error(`gave ${JSON.stringify(outcome.value)}`);
  if (typeof problem === 'string') expect(outcome.problem).toBe(problem);
  else expect(outcome.problem).toMatch(problem);
});

test('an error of an expression repeats no value of the person', () => {
  const user = { id: 'secret@example.com', map: { a: 1 }, list: [1] };
  const sources = [
    'user.map[user.id]',
    'int(user.id)',
    'bool(user.id)',
    '{user.id: 1, user.id + "": 2}',
    'user.id.join(",")',
  ];
  for (const source of sources) {
    const outcome = evaluate(source, user);
    expect(outcome).toMatchObject({ ok: false, problem: expect.not.stringContaining('secret') });
  }
});

test('a user whose attributes are too large is refused only by what reads them', () => {
  const large = { id: '1', note: 'x'.repeat(16_385), many: Array.from({ length: 101 }, () => 'x') };
  expect(evaluate('user.id', large)).toEqual({ ok: true, value: '1' });
  expect(evaluate('user.note', large)).toMatchObject({
    ok: false,
    kind: 'too much',
    problem: expect.stringContaining('user.note'),
  });
  expect(evaluate('size(user.many)', large)).toMatchObject({
    ok: false,
    problem: expect.stringContaining('more than 100 items'),
  });
});

test.each([
  ['a number that is not finite', '1.0 / 0.0'],
  ['a whole number that a JSON number cannot hold', '9007199254740993'],
  ['a map with a key that is no text', '{1: "a"}'],
])('%s is an error, not a value', (_, source) => {
  expect(evaluate(source)).toMatchObject({ ok: false });
});

test('errors of the evaluation keep their place after coalesce and macros were rewritten', () => {
  expect(evaluate('coalesce("", user.aliases.map(a, a + 1)[0] + user.nope)')).toEqual({ ok: true, value: null });
  const outcome = evaluate('user.aliases.map(a,\n  coalesce(a, "").left(2) + user.nope)');
  expect(outcome).toMatchObject({ problem: expect.stringMatching(/^2:\d+: the user has no "nope"/) });
});

test('the stack traces of others are as long as before', () => {
  const before = Error.stackTraceLimit;
  evaluate('user.nope');
  expect(Error.stackTraceLimit).toBe(before);
});
