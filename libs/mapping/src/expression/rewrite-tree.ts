import { callExpr, childrenOf, constExpr, countNodes, identExpr, type Expr, type SyntaxTree } from './syntax-tree.ts';

type Comprehension = Extract<Expr['exprKind'], { case: 'comprehensionExpr' }>['value'];

/**
 * Changes a checked tree in place: each round of a macro is charged, and coalesce becomes what the evaluator can do,
 * since it evaluates arguments before a call and a missing key would fail there.
 */
export function rewriteTree(tree: SyntaxTree): void {
  rewrite(tree.root, tree);
}

function rewrite(expr: Expr, tree: SyntaxTree): void {
  // Children first: what is made here is charged and needs no rewriting.
  for (const child of childrenOf(expr)) rewrite(child, tree);
  const { exprKind } = expr;
  if (exprKind.case === 'comprehensionExpr') chargeRounds(expr, exprKind.value, tree);
  else if (exprKind.case === 'callExpr' && exprKind.value.function === 'coalesce') {
    expr.exprKind = coalesce(exprKind.value.args, expr, tree).exprKind;
  }
}

function chargeRounds(expr: Expr, macro: Comprehension, tree: SyntaxTree): void {
  if (!macro.loopCondition || !macro.loopStep) return;
  const nodes = BigInt(countNodes(macro.loopCondition) + countNodes(macro.loopStep));
  const units = constExpr(tree.newId(expr), { case: 'int64Value', value: nodes });
  macro.loopCondition = callExpr(tree.newId(expr), '@round', [units, macro.loopCondition]);
}

/**
 * The first value that is there, else null. A loop of one round is the one construct that keeps a failed value instead
 * of failing itself: each value goes into its variable, and is answered unless it failed or is absent.
 */
function coalesce(values: readonly Expr[], like: Expr, tree: SyntaxTree): Expr {
  const id = () => tree.newId(like);
  const [value, ...rest] = values;
  if (!value) return constExpr(id(), { case: 'nullValue', value: 0 });
  const name = `@value${value.id}`;
  const absent = callExpr(id(), '@absent', [identExpr(id(), name)]);
  // True for a failure too.
  const next = callExpr(id(), '@not_strictly_false', [absent]);
  const oneRound = constExpr(id(), { case: 'nullValue', value: 0 });
  const loop: Comprehension = {
    $typeName: 'cel.expr.Expr.Comprehension',
    iterVar: '@once',
    iterVar2: '',
    iterRange: {
      $typeName: 'cel.expr.Expr',
      id: id(),
      exprKind: {
        case: 'listExpr',
        value: { $typeName: 'cel.expr.Expr.CreateList', elements: [oneRound], optionalIndices: [] },
      },
    },
    accuVar: name,
    accuInit: constExpr(id(), { case: 'nullValue', value: 0 }),
    loopCondition: constExpr(id(), { case: 'boolValue', value: true }),
    loopStep: value,
    result: callExpr(id(), '_?_:_', [next, coalesce(rest, like, tree), identExpr(id(), name)]),
  };
  return { $typeName: 'cel.expr.Expr', id: id(), exprKind: { case: 'comprehensionExpr', value: loop } };
}
