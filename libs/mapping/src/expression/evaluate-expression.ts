import { isCelError, type CelError } from '@bufbuild/cel';
import type { JsonObject, JsonValue } from '@autoprov/scim';
import { BudgetError, startBudget } from './budget.ts';
import type { Expression } from './compile-expression.ts';
import { usePatterns } from './functions.ts';
import { limits } from './limits.ts';
import { toJson, toRecord, ValueError } from './values.ts';

/** What an expression gave for one user, or why it gave nothing. */
export type Evaluated =
  | { ok: true; value: JsonValue }
  | {
      ok: false;
      /** A sentence with the place in the source as line:column, and what to do. Holds no value of the person. */
      problem: string;
      /** missing: the user lacks something; too much: a limit; failed: everything else. */
      kind: 'missing' | 'too much' | 'wrong type' | 'failed';
    };

/**
 * Evaluates an expression for one user; never throws for what an expression or a user holds. It takes milliseconds at
 * the most, because the work is counted (limits.units) and stops at the same step everywhere.
 */
export function evaluateExpression(expression: Expression, user: JsonObject): Evaluated {
  startBudget(limits.units);
  usePatterns(expression.patterns);
  // Each missing key makes an Error in the library, whose stack nobody sees and which takes most of the time.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    const result = expression.run({ user: toRecord(user, expression.attributes) });
    return isCelError(result) ? describe(expression, result) : { ok: true, value: toJson(result) };
  } catch (err) {
    if (err instanceof BudgetError) return tooMuch('1:1');
    if (err instanceof ValueError) return { ok: false, kind: 'too much', problem: `1:1: ${err.message}` };
    throw err;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function tooMuch(place: string): Evaluated {
  const advice = 'shorten what it reads, or do less for each item';
  return { ok: false, kind: 'too much', problem: `${place}: does more than ${limits.units} steps of work: ${advice}` };
}

function describe({ source, placeOf }: Expression, error: CelError): Evaluated {
  const { cause } = error;
  if (cause instanceof BudgetError) return tooMuch(placeOf(BigInt(cause.exprId ?? 1)));
  const place = placeOf(error.exprId ?? 1n);
  const { message } = error;
  const missing = /^(?:field not found: (.*)|index (.*) out of bounds.*|unresolved attribute|the list is empty)$/s.exec(
    message,
  );
  if (missing) {
    const [, field, index] = missing;
    // A key that is not in the source is a value of the person.
    const named =
      field !== undefined && source.includes(field) ? `"${field}"` : index === undefined ? 'it' : `item ${index}`;
    const what = message === 'the list is empty' ? 'the list is empty' : `the user has no ${named}`;
    return { ok: false, kind: 'missing', problem: `${place}: ${what}: use coalesce(…, "") or has(…)` };
  }
  const types = /^found no matching overload for '(.*?)' applied to '(.*)'$/s.exec(message);
  if (types) {
    const problem = `${place}: ${operatorOf(types[1]!)} cannot be used on ${types[2]}: convert with string(), int() or double()`;
    return { ok: false, kind: 'wrong type', problem };
  }
  return { ok: false, kind: 'failed', problem: `${place}: ${withoutValues(message)}` };
}

/** `_+_` is written `+`. */
function operatorOf(name: string): string {
  return name.replaceAll('_', ' ').trim().replace(/^@/, '');
}

/** Messages of the library that repeat a value of the person. */
function withoutValues(message: string): string {
  if (/ to a BigInt$|^Unable to convert string/s.test(message))
    return 'a text cannot be converted: test it with matches()';
  if (message.startsWith('map key conflict')) return 'a map has one key twice: remove one';
  return message.length > 300 ? `${message.slice(0, 300)}…` : message;
}
