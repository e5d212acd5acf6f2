import { parse } from '@bufbuild/cel';
import { ExpressionError } from './expression-error.ts';
import { limits } from './limits.ts';

/** An expression's syntax tree: cel.expr.Expr. */
export type Expr = ReturnType<typeof parse>['expr'];

/** A parsed expression, with where in the source each node stands, by its id. */
export type SyntaxTree = { root: Expr; offsetOf: (id: bigint) => number; newId: (like: Expr) => bigint };

/** Parses an expression within the limits on its source; throws ExpressionError. */
export function parseTree(source: string): SyntaxTree {
  if (source.trim() === '')
    throw new ExpressionError(0, 'is empty: write an expression, for example user.primaryEmail');
  if (source.length > limits.sourceChars) {
    throw new ExpressionError(limits.sourceChars, `has more than ${limits.sourceChars} characters: shorten it`);
  }
  checkBrackets(source);
  const { expr, sourceInfo } = parseSource(source);
  const positions = sourceInfo?.positions ?? {};
  let lastId = Object.keys(positions).reduce((max, id) => (BigInt(id) > max ? BigInt(id) : max), 0n);
  return {
    root: expr,
    offsetOf: (id) => positions[id.toString()] ?? 0,
    newId: (like) => {
      lastId += 1n;
      positions[lastId.toString()] = positions[like.id.toString()] ?? 0;
      return lastId;
    },
  };
}

function parseSource(source: string): ReturnType<typeof parse> {
  try {
    return parse(source);
  } catch (err) {
    throw describeParseError(err, source);
  }
}

/** The parser's own message names every token that it knows. */
function describeParseError(err: unknown, source: string): ExpressionError {
  if (!(err instanceof Error)) throw err;
  const offset = Reflect.get(Object(Reflect.get(err, 'location')), 'start')?.offset;
  if (typeof offset !== 'number') return new ExpressionError(0, `is not CEL: ${err.message}`);
  const found = source[offset];
  if (found === undefined) return new ExpressionError(offset, 'ends too early: complete it');
  if (found === '"' || found === "'") return new ExpressionError(offset, 'has a text without an end: close its quotes');
  return new ExpressionError(offset, `is not CEL from ${JSON.stringify(found)} on: see docs/mapping.md for the syntax`);
}

/** The parser recurses into brackets; so deep ones are refused before it sees them. */
function checkBrackets(source: string): void {
  let depth = 0;
  // Texts, raw ones included, and comments hold no brackets that count.
  const tokens =
    /[rR]?("""|''')[\s\S]*?\1|[rR]"[^"\n]*"|[rR]'[^'\n]*'|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\/\/.*|[()[\]{}]/g;
  for (const { 0: token, index } of source.matchAll(tokens)) {
    if ('([{'.includes(token)) depth += 1;
    else if (')]}'.includes(token)) depth -= 1;
    if (depth > limits.bracketDepth) {
      throw new ExpressionError(index, `has more than ${limits.bracketDepth} brackets within one another: simplify it`);
    }
  }
}

/** How many nodes a tree has. Recursion is safe: brackets are limited, and a chain has at most one node a character. */
export function countNodes(expr: Expr): number {
  return childrenOf(expr).reduce((sum, child) => sum + countNodes(child), 1);
}

/** The nodes right below a node. */
export function childrenOf({ exprKind }: Expr): Expr[] {
  const present = (...exprs: (Expr | undefined)[]) => exprs.filter((expr) => expr !== undefined);
  switch (exprKind.case) {
    case 'selectExpr':
      return present(exprKind.value.operand);
    case 'callExpr':
      return present(exprKind.value.target, ...exprKind.value.args);
    case 'listExpr':
      return exprKind.value.elements;
    case 'structExpr':
      return exprKind.value.entries.flatMap(({ keyKind, value }) =>
        present(keyKind.case === 'mapKey' ? keyKind.value : undefined, value),
      );
    case 'comprehensionExpr': {
      const { iterRange, accuInit, loopCondition, loopStep, result } = exprKind.value;
      return present(iterRange, accuInit, loopCondition, loopStep, result);
    }
    default:
      return [];
  }
}

/** A call, as a new node. */
export function callExpr(id: bigint, name: string, args: Expr[], target?: Expr): Expr {
  const call = { $typeName: 'cel.expr.Expr.Call' as const, function: name, args, ...(target && { target }) };
  return { $typeName: 'cel.expr.Expr', id, exprKind: { case: 'callExpr', value: call } };
}

/** A name, as a new node. */
export function identExpr(id: bigint, name: string): Expr {
  const value = { $typeName: 'cel.expr.Expr.Ident' as const, name };
  return { $typeName: 'cel.expr.Expr', id, exprKind: { case: 'identExpr', value } };
}

type ConstantKind = Extract<Expr['exprKind'], { case: 'constExpr' }>['value']['constantKind'];

/** A constant, as a new node. */
export function constExpr(id: bigint, constantKind: ConstantKind): Expr {
  const value = { $typeName: 'cel.expr.Constant' as const, constantKind };
  return { $typeName: 'cel.expr.Expr', id, exprKind: { case: 'constExpr', value } };
}

/** The text of a text constant; undefined for any other node. */
export function textOf(expr: Expr | undefined): string | undefined {
  if (expr?.exprKind.case !== 'constExpr') return undefined;
  const { constantKind } = expr.exprKind.value;
  return constantKind.case === 'stringValue' ? constantKind.value : undefined;
}
