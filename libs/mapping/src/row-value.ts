import type { MappingRow } from '@autoprov/proto';
import { isUnassigned, type JsonObject, type JsonValue } from '@autoprov/scim';
import { compileExpression } from './expression/compile-expression.ts';
import { evaluateExpression } from './expression/evaluate-expression.ts';
import { parseSourcePath, readSource } from './source-path.ts';

/** What a row's source gives for one user. */
export type RowValue = {
  /** undefined: none. */
  value: JsonValue | undefined;
  /** Where it came from. */
  from: 'source' | 'default';
  /** Why the expression failed for this user, with its place and what to do. */
  problem?: string;
};

/** What a row gives for a user: its source's value, or its default where that is absent; or why an expression failed. */
export function rowValue(row: MappingRow, user: JsonObject): RowValue {
  const { value, problem } = sourceValue(row, user);
  if (problem !== undefined) return { value: undefined, from: 'source', problem };
  if (!isUnassigned(value)) return { value, from: 'source' };
  const standIn = row.defaultValue as JsonValue | undefined;
  return isUnassigned(standIn) ? { value: undefined, from: 'source' } : { value: standIn, from: 'default' };
}

type SourceValue = { value?: JsonValue | undefined; problem?: string };

function sourceValue({ source, target }: MappingRow, user: JsonObject): SourceValue {
  switch (source?.$case) {
    case 'constant':
      return { value: source.value as JsonValue };
    case 'attribute': {
      const path = parseSourcePath(source.value);
      if (!path) throw new Error(`"${source.value}" is not a directory attribute path: correct the mapping row`);
      return { value: readSource(user, path) };
    }
    case 'expression': {
      const compiled = compileExpression(source.value);
      return compiled.ok ? evaluateExpression(compiled.expression, user) : { problem: compiled.problem };
    }
    default:
      throw new Error(`mapping row "${target}" has no source: give it one`);
  }
}
