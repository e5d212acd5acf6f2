import type { MatchingPolicy, MatchingRule, MatchingValue } from '@autoprov/proto';
import { isObject, isUnassigned, type JsonObject } from '@autoprov/scim';
import { compileExpression } from './expression/compile-expression.ts';
import { evaluateExpression } from './expression/evaluate-expression.ts';
import { parseTargetPath, readTarget } from './target-path.ts';

const usualAttributes = ['externalId', 'userName'];

/** What a policy compares, in order. */
export function matchingRules(policy: MatchingPolicy | undefined): MatchingRule[] {
  if (policy && policy.rules.length > 0) return policy.rules;
  const attributes = policy?.attributes.length ? policy.attributes : usualAttributes;
  return attributes.map((attribute) => ({ attribute, expression: '' }));
}

/** The expressions of a policy. */
export function matchingExpressions(policy: MatchingPolicy | undefined): string[] {
  return matchingRules(policy).flatMap(({ expression }) => expression || []);
}

/**
 * What a rule looks for, for one person.
 *
 * @param resource the person as mapped
 * @param user Google's users resource
 */
export function matchingValue(
  { attribute, expression }: MatchingRule,
  resource: JsonObject,
  user: JsonObject,
): MatchingValue {
  if (expression === '') return { attribute, value: mappedText(resource, attribute), problem: '' };
  const compiled = compileExpression(expression);
  if (!compiled.ok) return { attribute, value: '', problem: compiled.problem };
  const result = evaluateExpression(compiled.expression, user);
  if (!result.ok) return { attribute, value: '', problem: result.problem };
  const { value } = result;
  if (isUnassigned(value)) return { attribute, value: '', problem: '' };
  return typeof value === 'string' ? { attribute, value, problem: '' } : { attribute, value: '', problem: noText };
}

const noText = '1:1: gives no text to look for: convert it, for example with string() or first()';

/** Of several values the first. */
function mappedText(resource: JsonObject, attribute: string): string {
  const path = parseTargetPath(attribute);
  if (!path) return '';
  const { subAttribute = 'value', ...whole } = path;
  const held = readTarget(resource, whole);
  const [first] = Array.isArray(held) ? held : [held];
  const text = isObject(first) ? first[subAttribute] : first;
  return typeof text === 'string' ? text : '';
}
