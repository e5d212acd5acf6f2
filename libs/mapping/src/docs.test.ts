import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { AttributeMapping, MappingTest } from '@autoprov/proto';
import type { JsonObject, JsonValue } from '@autoprov/scim';
import { compileExpression } from './expression/compile-expression.ts';
import { evaluateExpression } from './expression/evaluate-expression.ts';
import { methodArguments } from './expression/functions.ts';
import { checkMapping, checkScopeFilter, runMappingTests } from './index.ts';

const page = readFileSync(new URL('../../../docs/mapping.md', import.meta.url), 'utf8');
const json = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text]) => JSON.parse(text!) as JsonObject);
const [mapping, person, mappingTest] = json as [JsonObject, JsonObject, JsonObject];
const filter = /## The filter of a scope[\s\S]*?```\n([\s\S]*?)\n```/.exec(page)![1]!;

/** Rows of tables that end in an expression and a JSON value, both as code. */
const examples = [...page.matchAll(/\| `((?:[^`|]|\\\|)+)` +\| `((?:[^`|]|\\\|)+)` +\|\n/g)]
  .map(([, source, value]) => [source!.replaceAll('\\|', '|'), value!.replaceAll('\\|', '|')] as const)
  .filter(([, value]) => isJson(value));

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test('the page has its examples', () => {
  expect(examples.length).toBeGreaterThan(25);
});

test.each(examples)('%s gives %s, as the page says', (source, value) => {
  const compiled = compileExpression(source);
  if (!compiled.ok) throw new Error(compiled.problem);
  expect(evaluateExpression(compiled.expression, person)).toEqual({ ok: true, value: JSON.parse(value) as JsonValue });
});

test('the page names every function', () => {
  const table = page.slice(page.indexOf('### Functions'), page.indexOf('### Limits'));
  for (const name of Object.keys(methodArguments)) expect(table).toContain(`\`${name}`);
});

test('the mapping, the filter and the mapping test of the page can be used', () => {
  const { rows } = AttributeMapping.fromJSON(mapping);
  expect(checkMapping(rows)).toEqual([]);
  expect(checkScopeFilter(filter)).toEqual([]);
  const withoutDefault = rows.filter(({ target }) => target !== 'title');
  expect(
    runMappingTests(
      withoutDefault.filter(({ target }) => target !== 'displayName'),
      undefined,
      [MappingTest.fromJSON(mappingTest)],
    ),
  ).toEqual([]);
});
