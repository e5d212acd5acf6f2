import type { MappingRow } from '@autoprov/proto';
import { isUnassigned } from '@autoprov/scim';
import { directoryAttributes, sampleUser } from './directory-attributes.ts';
import { compileExpression, type Expression } from './expression/compile-expression.ts';
import { evaluateExpression, type Evaluated } from './expression/evaluate-expression.ts';
import { parseSourcePath } from './source-path.ts';
import { parseTargetPath } from './target-path.ts';

/** What is wrong with one field of a mapping, in the form of google.rpc.BadRequest. */
export type MappingViolation = {
  /** For example `rows[3].target`. */
  field: string;
  description: string;
};

/** Decided by the system, never by a row. */
const forbiddenTargets = new Set(['active', 'id', 'meta', 'schemas', 'groups', 'password']);

/** Personal or security attributes that have no place at a service provider (Google's users resource). */
const forbiddenSources = new Set(['password', 'hashFunction', 'recoveryEmail', 'recoveryPhone', 'sshPublicKeys']);

/** Everything that is wrong with a mapping's rows; empty when they can be used. */
export function checkMapping(rows: readonly MappingRow[]): MappingViolation[] {
  const violations: MappingViolation[] = [];
  const seen = new Map<string, number>();
  rows.forEach((row, i) => {
    const say = (field: string, description: string) => violations.push({ field: `rows[${i}].${field}`, description });
    checkTarget(row, say);
    checkSource(row, say);
    const key = row.target.toLowerCase();
    const first = seen.get(key);
    if (first !== undefined) say('target', `"${row.target}" is mapped in rows[${first}] already: keep one of them`);
    else seen.set(key, i);
  });
  if (rows.length > 0 && !seen.has('username')) {
    violations.push({
      field: 'rows',
      description: 'userName is not mapped: SCIM requires it (RFC 7643 §4.1.1), add a row',
    });
  }
  return violations;
}

/** Everything that is wrong with the filter of a scope; empty when it can be used, as when there is none. */
export function checkScopeFilter(filter: string): MappingViolation[] {
  if (filter === '') return [];
  const violations: MappingViolation[] = [];
  const say = (field: string, description: string) => violations.push({ field, description });
  const results = tryExpression(filter, 'filter', say);
  const other = results.find((result) => result.ok && typeof result.value !== 'boolean');
  if (other) say('filter', 'gives neither true nor false: compare it, for example user.orgUnitPath == "/Sales"');
  return violations;
}

/** Everything that is wrong with the expression of a matching rule; empty when it can be used, as when there is none. */
export function checkMatchingExpression(expression: string): MappingViolation[] {
  if (expression === '') return [];
  const violations: MappingViolation[] = [];
  const say = (field: string, description: string) => violations.push({ field, description });
  const results = tryExpression(expression, 'expression', say);
  const other = results.find((result) => result.ok && !isUnassigned(result.value) && typeof result.value !== 'string');
  if (other) say('expression', 'gives no text to look for: convert it, for example with string() or first()');
  return violations;
}

type Say = (field: string, description: string) => void;

function checkTarget(row: MappingRow, say: Say): void {
  const target = parseTargetPath(row.target);
  if (!target) {
    say(
      'target',
      `"${row.target}" is not a SCIM path: write for example name.givenName or emails[type eq "work"].value`,
    );
  } else if (target.urn === undefined && forbiddenTargets.has(target.attribute)) {
    say('target', `"${row.target}" is not for a mapping: remove the row`);
  }
}

function checkSource({ source }: MappingRow, say: Say): void {
  if (source === undefined) say('source', 'a row needs an attribute, an expression or a constant: give it one');
  else if (source.$case === 'attribute') checkAttribute(source.value, say);
  else if (source.$case === 'expression') tryExpression(source.value, 'expression', say);
}

function checkAttribute(attribute: string, say: Say): void {
  const path = parseSourcePath(attribute);
  if (!path) {
    say('attribute', `"${attribute}" is not a directory attribute: write for example organizations[primary].title`);
  } else if (path.steps[0]!.key === 'customSchemas' && path.steps.length < 3) {
    say('attribute', `"${attribute}" names no field: write customSchemas.<schema>.<field>`);
  } else checkAttributeName(path.steps[0]!.key, 'attribute', say);
}

function checkAttributeName(name: string, field: string, say: Say): void {
  if (forbiddenSources.has(name)) say(field, `"${name}" is never sent to a service provider: leave it out`);
  else if (!Object.hasOwn(directoryAttributes, name)) {
    say(field, `"${name}" is not read from the directory: use ${Object.keys(directoryAttributes).join(', ')}`);
  }
}

/** Compiles an expression and tries it on a usual person and on one with next to nothing. */
function tryExpression(source: string, field: string, say: Say): Evaluated[] {
  const compiled = compileExpression(source);
  if (!compiled.ok) {
    say(field, compiled.problem);
    return [];
  }
  const { expression } = compiled;
  for (const name of expression.attributes) checkAttributeName(name, field, say);
  const results = [sampleUser, { id: '1', primaryEmail: 'a@example.com' }].map((user) =>
    evaluateExpression(expression, user),
  );
  const wrong = results.find((result) => !result.ok && isCertain(result.kind, expression));
  if (wrong && !wrong.ok) say(field, `tried on an example person: ${wrong.problem}`);
  return results;
}

/** What is missing, or has a form of its own, may be right for real people; what custom fields hold is not known. */
function isCertain(kind: 'missing' | 'too much' | 'wrong type' | 'failed', { schemas }: Expression): boolean {
  return kind === 'too much' || (kind === 'wrong type' && schemas.length === 0);
}
