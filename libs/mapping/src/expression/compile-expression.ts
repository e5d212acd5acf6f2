import { celEnv, plan, type CelResult } from '@bufbuild/cel';
import { checkTree } from './check-tree.ts';
import { ExpressionError, placeOf } from './expression-error.ts';
import { chargedFunctions } from './functions.ts';
import type { Pattern } from './pattern.ts';
import { rewriteTree } from './rewrite-tree.ts';
import { parseTree } from './syntax-tree.ts';

/** An expression that can be evaluated. */
export type Expression = {
  source: string;
  /** The attributes of the user that it reads: the first key of each path. */
  attributes: string[];
  /** The custom schemas that it reads. */
  schemas: string[];
  patterns: ReadonlyMap<string, Pattern>;
  /** Evaluates it with CEL values by name. */
  run: (variables: Record<string, CelResult>) => CelResult;
  placeOf: (exprId: bigint) => string;
};

/** An expression that was compiled, or why it can't be, beginning with its place as line:column. */
export type Compiled = { ok: true; expression: Expression } | { ok: false; problem: string };

const env = celEnv({ funcs: chargedFunctions() });

/** Rows of all apps share these; what was used last is kept. */
const cache = new Map<string, Compiled>();
const cacheSize = 500;

/** Compiles an expression, or answers what is wrong with it. Each is compiled once, as long as it is used. */
export function compileExpression(source: string): Compiled {
  const compiled = cache.get(source) ?? compile(source);
  cache.delete(source);
  // What is too long is no use as a key.
  if (source.length <= 4096) cache.set(source, compiled);
  if (cache.size > cacheSize) cache.delete(cache.keys().next().value!);
  return compiled;
}

function compile(source: string): Compiled {
  try {
    const tree = parseTree(source);
    const { reads, patterns } = checkTree(tree);
    rewriteTree(tree);
    const run = plan(env, tree.root);
    const schemas = reads.filter(([first, second]) => first === 'customSchemas' && second !== undefined);
    const expression: Expression = {
      source,
      attributes: [...new Set(reads.map(([first]) => first!))],
      schemas: [...new Set(schemas.map(([, name]) => name!))].sort(),
      patterns,
      run: (variables) => run(variables as never),
      placeOf: (exprId) => placeOf(source, tree.offsetOf(exprId)),
    };
    return { ok: true, expression };
  } catch (err) {
    if (!(err instanceof ExpressionError)) throw err;
    return { ok: false, problem: `${placeOf(source, err.offset)}: ${err.message}` };
  }
}
