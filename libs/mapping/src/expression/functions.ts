import {
  celEnv,
  celFunc,
  celList,
  celMethod,
  CelScalar,
  isCelError,
  isCelList,
  isCelMap,
  listType,
  mapType,
  type CelFunc,
  type CelValue,
} from '@bufbuild/cel';
import { primaryOf } from '../source-path.ts';
import { BudgetError, charge } from './budget.ts';
import { limits } from './limits.ts';
import { isMatch, type Pattern } from './pattern.ts';
import {
  join,
  left,
  regexReplace,
  removeDiacritics,
  replace,
  sized,
  split,
  substring,
  tooLong,
  tooMany,
} from './text.ts';

const { BOOL, DYN, INT, STRING } = CelScalar;
const list = listType(DYN);
const map = mapType(DYN, DYN);

/** CEL's own operators and functions that an expression may use; the rest is refused when it is checked. */
export const standardNames: ReadonlySet<string> = new Set(
  (
    '_+_ _-_ _*_ _/_ _%_ -_ !_ _==_ _!=_ _<_ _<=_ _>_ _>=_ @in ' +
    'size contains startsWith endsWith string int double bool'
  ).split(' '),
);

/** Our own functions by how many arguments they take beside the value that they belong to. */
export const methodArguments: Readonly<Record<string, readonly number[]>> = {
  lower: [0],
  upper: [0],
  trim: [0],
  removeDiacritics: [0],
  left: [1],
  substring: [1, 2],
  replace: [2],
  split: [1],
  matches: [1],
  regexReplace: [2],
  join: [0, 1],
  first: [0],
  primary: [0],
  switch: [1, 2],
  // CEL's own
  size: [0],
  contains: [1],
  startsWith: [1],
  endsWith: [1],
};

// The regular expressions of the expression that is being evaluated: compiled when it was, once.
let patterns: ReadonlyMap<string, Pattern> = new Map();

/** Names the compiled regular expressions that `matches` and `regexReplace` use from here on. */
export function usePatterns(compiled: ReadonlyMap<string, Pattern>): void {
  patterns = compiled;
}

function patternOf(text: string): Pattern {
  const pattern = patterns.get(text);
  if (!pattern) throw new Error('bug: a regular expression was not compiled with its expression');
  return pattern;
}

const own: CelFunc[] = [
  celFunc('_+_', [STRING, STRING], STRING, (a, b) => {
    if (a.length + b.length > limits.textChars) throw tooLong();
    return a + b;
  }),
  celFunc('_+_', [list, list], list, (a, b) => {
    if (a.size + b.size > limits.listItems) throw tooMany();
    return celList([...a, ...b]);
  }),
  celMethod('lower', STRING, [], STRING, function () {
    return sized(this.toLowerCase());
  }),
  celMethod('upper', STRING, [], STRING, function () {
    return sized(this.toUpperCase());
  }),
  celMethod('trim', STRING, [], STRING, function () {
    return this.trim();
  }),
  celMethod('removeDiacritics', STRING, [], STRING, function () {
    return removeDiacritics(this);
  }),
  celMethod('left', STRING, [INT], STRING, function (count) {
    return left(this, count);
  }),
  celMethod('substring', STRING, [INT], STRING, function (start) {
    return substring(this, start);
  }),
  celMethod('substring', STRING, [INT, INT], STRING, function (start, end) {
    return substring(this, start, end);
  }),
  celMethod('replace', STRING, [STRING, STRING], STRING, function (from, to) {
    return replace(this, from, to);
  }),
  celMethod('split', STRING, [STRING], list, function (separator) {
    return split(this, separator);
  }),
  celMethod('matches', STRING, [STRING], BOOL, function (pattern) {
    return isMatch(patternOf(pattern), this);
  }),
  celMethod('regexReplace', STRING, [STRING, STRING], STRING, function (pattern, to) {
    return regexReplace(patternOf(pattern), this, to);
  }),
  celMethod('join', list, [], STRING, function () {
    return join([...this], '');
  }),
  celMethod('join', list, [STRING], STRING, function (separator) {
    return join([...this], separator);
  }),
  celMethod('first', list, [], DYN, function () {
    return present(this.get(0));
  }),
  celMethod('primary', list, [], DYN, function () {
    return present(primaryOf([...this].filter(isCelMap), (element, key) => element.get(key)));
  }),
  celMethod('switch', DYN, [map], DYN, function (cases) {
    return keyed(this, (key) => cases.get(key)) ?? null;
  }),
  celMethod('switch', DYN, [map, DYN], DYN, function (cases, otherwise) {
    return keyed(this, (key) => cases.get(key)) ?? otherwise;
  }),
  // Not for people: syntax-tree.ts puts them into coalesce and into each round of a macro.
  celFunc('@absent', [DYN], BOOL, isAbsent),
  celFunc('@round', [INT, BOOL], BOOL, (_units, goesOn) => goesOn),
];

/** Everything that expressions may call; each call is charged before it is made. */
export function chargedFunctions(): CelFunc[] {
  const standard = [...celEnv().funcs].filter(({ name }) => standardNames.has(name));
  return [...standard, ...own].map(withCharge);
}

function withCharge(func: CelFunc): CelFunc {
  const charged: CelFunc = Object.create(func);
  return Object.assign(charged, {
    call(id: number, target: CelValue | undefined, args: CelValue[]) {
      // Answers undefined for arguments of other types: another overload is asked then, which charges for itself.
      chargeCall(func.name, id, target === undefined ? args : [target, ...args]);
      const result = func.call(id, target, args);
      // What a function throws becomes a value, which || would absorb.
      if (isCelError(result) && result.cause instanceof BudgetError) throw new BudgetError(id);
      return result;
    },
  });
}

function chargeCall(name: string, id: number, args: readonly CelValue[]): void {
  if (name === '@round') return charge(limits.callUnits * Number(args[0]), id);
  charge(limits.callUnits, id);
  const deep = name === '_==_' || name === '_!=_' || name === '@in';
  for (const arg of args) chargeValue(arg, id, deep);
}

/** One unit a character and item; of what is within only where a function looks there. */
function chargeValue(value: CelValue, id: number, deep: boolean): void {
  if (typeof value === 'string') charge(value.length, id);
  else if (isCelList(value)) {
    charge(value.size, id);
    if (deep) for (const item of value) chargeValue(item, id, deep);
  } else if (isCelMap(value)) {
    charge(value.size, id);
    if (deep) for (const [, item] of value) chargeValue(item, id, deep);
  }
}

/** What coalesce passes over, beside what is missing. */
function isAbsent(value: CelValue): boolean {
  return value === null || value === '' || ((isCelList(value) || isCelMap(value)) && value.size === 0);
}

function present(value: CelValue | undefined): CelValue {
  if (value === undefined) throw new Error('the list is empty');
  return value;
}

function keyed<T>(key: CelValue, get: (key: string | bigint | boolean | number) => T | undefined): T | undefined {
  const usable = typeof key === 'string' || typeof key === 'bigint' || typeof key === 'boolean';
  return usable || typeof key === 'number' ? get(key as string) : undefined;
}
