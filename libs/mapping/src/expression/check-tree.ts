import { methodArguments, standardNames } from './functions.ts';
import { ExpressionError } from './expression-error.ts';
import { limits } from './limits.ts';
import { compilePattern, type Pattern } from './pattern.ts';
import { childrenOf, countNodes, textOf, type Expr, type SyntaxTree } from './syntax-tree.ts';

/** What a checked tree reads and needs. */
export type Findings = {
  /** The paths below `user` that it reads, each as its keys. */
  reads: string[][];
  /** Its regular expressions, compiled. */
  patterns: Map<string, Pattern>;
};

type Walk = Findings & { tree: SyntaxTree; names: readonly string[]; inMacro: boolean };

const operators = new Set(['_&&_', '_||_', '_?_:_', '_[_]', '@not_strictly_false']);
const conversions = new Set(['string', 'int', 'double', 'bool']);
const macros = new Set(['map', 'filter', 'all', 'exists', 'exists_one', 'existsOne', 'has']);

/** Checks that a tree stays within the limits and calls only what is known; throws ExpressionError. */
export function checkTree(tree: SyntaxTree): Findings {
  const nodes = countNodes(tree.root);
  if (nodes > limits.nodes) {
    throw new ExpressionError(0, `is too large (${nodes} of ${limits.nodes} nodes): split it into several rows`);
  }
  const walk: Walk = { tree, reads: [], patterns: new Map(), names: [], inMacro: false };
  check(tree.root, walk);
  return { reads: walk.reads, patterns: walk.patterns };
}

function check(expr: Expr, walk: Walk): void {
  const refuse = (message: string) => new ExpressionError(walk.tree.offsetOf(expr.id), message);
  const path = userPath(expr, walk);
  if (path) return checkRead(path, expr, walk);
  switch (expr.exprKind.case) {
    case 'identExpr':
      return checkName(expr.exprKind.value.name, refuse, walk);
    case 'constExpr': {
      const kind = expr.exprKind.value.constantKind.case;
      if (kind === 'bytesValue') throw refuse('bytes are no value of an attribute: write a text');
      if (kind === 'uint64Value') throw refuse('unsigned numbers are not known: leave out the u');
      return;
    }
    case 'structExpr':
      if (expr.exprKind.value.messageName !== '')
        throw refuse('only maps can be written in braces: leave out the name');
      break;
    case 'selectExpr':
      checkSteps(expr, refuse);
      break;
    case 'callExpr':
      checkCall(expr, refuse, walk);
      break;
    case 'comprehensionExpr':
      return checkMacro(expr, refuse, walk);
    default:
  }
  for (const child of childrenOf(expr)) check(child, walk);
}

type Refuse = (message: string) => ExpressionError;

function checkName(name: string, refuse: Refuse, { names }: Walk): void {
  if (name.startsWith('@') || names.includes(name)) return;
  throw refuse(`"${name}" is not known: begin with user, for example user.primaryEmail`);
}

/** The evaluator tries each prefix of a path as a name, which costs the square of its length. */
function checkSteps(expr: Expr, refuse: Refuse): void {
  let steps = 0;
  for (let at: Expr | undefined = expr; at?.exprKind.case === 'selectExpr'; at = at.exprKind.value.operand) steps += 1;
  if (steps > limits.pathSteps) throw refuse(`has more than ${limits.pathSteps} members after one another: shorten it`);
}

function checkCall(expr: Expr, refuse: Refuse, walk: Walk): void {
  if (expr.exprKind.case !== 'callExpr') return;
  const call = expr.exprKind.value;
  const { function: name, args } = call;
  if (operators.has(name) || (standardNames.has(name) && !/^\w/.test(name)) || /^_.*_$/.test(name)) return;
  if (name === 'coalesce' && !call.target) {
    if (args.length === 0) throw refuse('coalesce needs values: write for example coalesce(user.name.displayName, "")');
    return;
  }
  if (conversions.has(name)) {
    if (call.target || args.length !== 1) throw refuse(`${name} takes one value: write ${name}(x)`);
    return;
  }
  const counts = Object.hasOwn(methodArguments, name) ? methodArguments[name] : undefined;
  if (!counts) {
    if (macros.has(name)) throw refuse(`${name} is not written like this: see docs/mapping.md`);
    throw refuse(`"${name}" is no function: see docs/mapping.md for those that are known`);
  }
  // join(list, ", ") is list.join(", ").
  if (!call.target && args.length > 0) call.target = args.shift()!;
  if (!call.target || !counts.includes(args.length)) {
    const wanted = counts.join(' or ');
    throw refuse(`${name} takes ${wanted} arguments beside its value: see docs/mapping.md`);
  }
  if (name === 'matches' || name === 'regexReplace') addPattern(args[0]!, refuse, walk);
}

/** Regular expressions are compiled here, once; so they cannot be made while an expression runs. */
function addPattern(expr: Expr, refuse: Refuse, { patterns }: Walk): void {
  const text = textOf(expr);
  if (text === undefined) throw refuse('a regular expression must be written out as a text in quotes');
  if (patterns.has(text)) return;
  const chars = [...patterns.keys(), text].join('').length;
  if (chars > limits.patternChars) {
    throw refuse(`has more than ${limits.patternChars} characters of regular expressions: shorten them`);
  }
  try {
    patterns.set(text, compilePattern(text));
  } catch (err) {
    const why = (err as Error).message.replace('error parsing regexp: ', '');
    throw refuse(`the regular expression ${why}; RE2's syntax is known, without look-around and back-references`);
  }
}

function checkMacro(expr: Expr, refuse: Refuse, walk: Walk): void {
  if (expr.exprKind.case !== 'comprehensionExpr') return;
  if (walk.inMacro) {
    throw refuse('map, filter, all and exists cannot stand within one another: use "in", or two rows');
  }
  const { iterVar, iterRange, accuInit, loopCondition, loopStep, result } = expr.exprKind.value;
  if (iterVar === 'user') throw refuse('"user" is the person: take another name for the item');
  if (iterRange) check(iterRange, walk);
  const inside = { ...walk, names: [...walk.names, iterVar], inMacro: true };
  for (const part of [accuInit, loopCondition, loopStep, result]) if (part) check(part, inside);
}

/** The keys of a path that begins with `user` and has no key that is computed; undefined for any other node. */
function userPath(expr: Expr, walk: Walk): string[] | undefined {
  const { exprKind } = expr;
  if (exprKind.case === 'identExpr') {
    return exprKind.value.name === 'user' && !walk.names.includes('user') ? [] : undefined;
  }
  if (exprKind.case === 'selectExpr') {
    const path = exprKind.value.operand && userPath(exprKind.value.operand, walk);
    return path && [...path, exprKind.value.field];
  }
  if (exprKind.case !== 'callExpr' || exprKind.value.function !== '_[_]') return undefined;
  const [operand, index] = exprKind.value.args;
  const path = operand && userPath(operand, walk);
  const key = textOf(index);
  return path && key !== undefined ? [...path, key] : undefined;
}

/** What is read must be known beforehand: a read of the directory has to cover it. */
function checkRead(path: readonly string[], expr: Expr, walk: Walk): void {
  const refuse = (message: string) => new ExpressionError(walk.tree.offsetOf(expr.id), message);
  if (path.length > limits.pathSteps) {
    throw refuse(`has more than ${limits.pathSteps} members after one another: shorten it`);
  }
  if (path.length === 0) {
    throw refuse('"user" must be followed by an attribute that is written out, for example user.primaryEmail');
  }
  const isTest = expr.exprKind.case === 'selectExpr' && expr.exprKind.value.testOnly;
  if (path[0] === 'customSchemas' && path.length === 1 && !isTest) {
    throw refuse(
      'the custom schema must be written out: user.customSchemas.Employment, or user.customSchemas["HR Facts"]',
    );
  }
  walk.reads.push([...path]);
}
