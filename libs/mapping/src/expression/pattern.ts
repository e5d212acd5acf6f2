import { RE2JS } from '@bufbuild/re2';
import { charge } from './budget.ts';
import { limits } from './limits.ts';

type Program = ReturnType<ReturnType<typeof RE2JS.compile>['re2']>['prog'];
type Inst = Program['inst'][number];

/** A regular expression in RE2's syntax, compiled by RE2. */
export type Pattern = { program: Program; groupCount: number };

/** One way in which the text may match: where it goes on, and the ends of the groups passed so far. */
type Thread = { pc: number; groups: readonly number[] };

// RE2's instructions (re2/Inst.js), which the package does not export; pattern.test.ts compares with its own matching.
const [alt, altMatch, capture, emptyWidth, fail, match, nop] = [1, 2, 3, 4, 5, 6, 7];

/** Compiles a regular expression; throws an Error that says what is wrong with it. */
export function compilePattern(text: string): Pattern {
  // Each is a table that the package makes by trying all of Unicode: up to 130 ms.
  if (/\\p/i.test(text)) throw new Error('names a Unicode class: use removeDiacritics() and [A-Za-z]');
  // A wide set takes 9 ms and more to compile when upper and lower case are the same.
  if (/\(\?[^:)]*i/.test(text) && /\[.*(?:\\x|[^\0-\x7f])/s.test(text)) {
    throw new Error('has a set of letters beyond ASCII under (?i): use lower() and leave out (?i)');
  }
  if (countRepeats(text) > limits.patternRepeats) {
    throw new Error(`repeats more than ${limits.patternRepeats} times: use smaller counts, or * and +`);
  }
  const regex = RE2JS.compile(text);
  const program = regex.re2().prog;
  if (program.numInst() > limits.patternInstructions) {
    throw new Error(`is too large (${program.numInst()} of ${limits.patternInstructions} steps): shorten it`);
  }
  return { program, groupCount: regex.groupCount() };
}

/** What its counts give multiplied: RE2 writes out `(a{2}){3}` six times. */
function countRepeats(text: string): number {
  const counts = [...text.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].map(([, min, max]) => Math.max(1, Number(max || min)));
  return counts.reduce((product, count) => product * count, 1);
}

/**
 * The first match from a place on, leftmost and by Perl's preference; undefined when there is none. Linear in the text
 * and the pattern: RE2's simulation (swtch.com/~rsc/regexp/regexp2.html), because the package only says whether a text
 * matches, and not where.
 *
 * @returns where the match and each group begin and end; -1 for a group that took no part
 */
export function findMatch({ program, groupCount }: Pattern, text: string, from: number): number[] | undefined {
  let current: Thread[] = [];
  let found: readonly number[] | undefined;
  for (let at = from; ;) {
    const code = text.codePointAt(at);
    const context = contextOf(at > 0 ? codePointBefore(text, at) : undefined, code);
    const visited = new Set<number>();
    const threads: Thread[] = [];
    for (const { pc, groups } of current) follow(program, threads, visited, pc, groups, at, context);
    if (!found) follow(program, threads, visited, program.start, blankGroups(groupCount, at), at, context);
    charge(limits.patternStepUnits * visited.size);
    current = [];
    for (const { pc, groups } of threads) {
      const inst = program.getInst(pc);
      if (inst.op === match) {
        found = groups.with(1, at);
        break; // what follows is less preferred
      }
      if (code !== undefined && inst.matchRune(code)) current.push({ pc: inst.out, groups });
    }
    if (code === undefined || (found && current.length === 0)) return found && [...found];
    at += code > 0xffff ? 2 : 1;
  }
}

/** Whether any part of the text matches. */
export function isMatch(pattern: Pattern, text: string): boolean {
  return findMatch(pattern, text, 0) !== undefined;
}

/** Adds what can be reached without reading on, in order of preference. */
function follow(
  program: Program,
  threads: Thread[],
  visited: Set<number>,
  start: number,
  startGroups: readonly number[],
  at: number,
  context: number,
): void {
  const stack: Thread[] = [{ pc: start, groups: startGroups }];
  for (let top = stack.pop(); top; top = stack.pop()) {
    const { pc, groups } = top;
    if (visited.has(pc)) continue;
    visited.add(pc);
    const inst: Inst = program.getInst(pc);
    if (inst.op === alt || inst.op === altMatch) stack.push({ pc: inst.arg, groups }, { pc: inst.out, groups });
    else if (inst.op === nop) stack.push({ pc: inst.out, groups });
    else if (inst.op === capture) stack.push({ pc: inst.out, groups: groups.with(inst.arg, at) });
    else if (inst.op === emptyWidth) {
      if ((inst.arg & ~context) === 0) stack.push({ pc: inst.out, groups });
    } else if (inst.op !== fail) threads.push({ pc, groups });
  }
}

function blankGroups(count: number, at: number): number[] {
  const groups = Array<number>(2 * (count + 1)).fill(-1);
  groups[0] = at;
  return groups;
}

/** Which of RE2's assertions hold between two characters (re2/Utils.js emptyOpContext): bits 1 to 32. */
function contextOf(before: number | undefined, after: number | undefined): number {
  const newline = 0x0a;
  return (
    (before === undefined || before === newline ? 1 : 0) |
    (after === undefined || after === newline ? 2 : 0) |
    (before === undefined ? 4 : 0) |
    (after === undefined ? 8 : 0) |
    (isWordCharacter(before) === isWordCharacter(after) ? 32 : 16)
  );
}

function isWordCharacter(code: number | undefined): boolean {
  if (code === undefined) return false;
  return (
    (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || code === 0x5f || (code >= 0x61 && code <= 0x7a)
  );
}

function codePointBefore(text: string, at: number): number | undefined {
  const code = text.codePointAt(at - 2);
  return at > 1 && code !== undefined && code > 0xffff ? code : text.codePointAt(at - 1);
}
