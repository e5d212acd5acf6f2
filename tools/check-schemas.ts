// docs/schemas is what the contracts give, and beside the branch main (or, on main, the commit before) only adds to it.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { publicContract } from './shared/public-contract.ts';
import { findRemovals } from './shared/schema-removals.ts';

/** What the check must find, and what it must let pass. */
const samples: [before: unknown, after: unknown, removals: number][] = [
  [{ properties: { a: { type: 'string' } } }, { properties: { a: { type: 'string' }, b: {} } }, 0],
  [{ properties: { a: { type: 'string' } } }, { properties: {} }, 1],
  [{ properties: { a: { type: 'string' } } }, { properties: { a: { type: 'integer' } } }, 1],
  [{ anyOf: [{ enum: ['A', 'B'] }] }, { anyOf: [{ enum: ['C', 'A'] }] }, 1],
  [{ required: ['a'] }, { required: ['b', 'a'] }, 0],
];
for (const [before, after, removals] of samples) {
  if (findRemovals(before, after).length !== removals) throw new Error(`not judged right: ${JSON.stringify(before)}`);
}

const dir = 'docs/schemas';
const problems: string[] = [];
for (const [file, text] of publicContract()) {
  const path = `${dir}/${file}`;
  const written = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (written !== text) problems.push(`${path} is not what the contracts give`);
  const before = file.endsWith('.json') ? readBefore(path) : undefined;
  if (before) problems.push(...findRemovals(JSON.parse(before), JSON.parse(text)).map((it) => `${path}: ${it}`));
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

/** The file in the commit that is compared with; undefined: it is not there. */
function readBefore(path: string): string | undefined {
  const revision = (name: string) =>
    spawnSync('git', ['rev-parse', '--verify', '--quiet', `${name}^{commit}`], { encoding: 'utf8' }).stdout.trim();
  const main = revision('origin/main') || revision('main');
  const base = main === revision('HEAD') ? revision('HEAD~1') : main;
  if (!base || execFileSync('git', ['ls-tree', base, path], { encoding: 'utf8' }).trim() === '') return undefined;
  return execFileSync('git', ['show', `${base}:${path}`], { encoding: 'utf8' });
}
