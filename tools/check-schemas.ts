// docs/schemas is what the contracts give, breaks nothing beside where the branch left main (or, on main, the commit before), and is
// what the example of docs/consumers.md keeps to.
import { existsSync, readFileSync } from 'node:fs';
import { z } from '@autoprov/service';
import { findBaseRevision, readAtRevision } from './shared/base-revision.ts';
import { publicContract } from './shared/public-contract.ts';
import { findBreaks } from './shared/schema-breaks.ts';

/** What the check must find, and what it must let pass. */
const samples: [before: unknown, after: unknown, breaks: number][] = [
  [{ properties: { a: { type: 'string' } } }, { properties: { a: { type: 'string' }, b: {} } }, 0],
  [{ properties: { a: { type: 'string' } } }, { properties: {} }, 1],
  [{ properties: { a: { type: 'string' } } }, { properties: { a: { type: 'integer' } } }, 1],
  [{ anyOf: [{ enum: ['A', 'B'] }] }, { anyOf: [{ enum: ['C', 'A'] }] }, 1],
  [{ enum: ['A'] }, { enum: ['B', 'A'] }, 0],
  [{ required: ['a'] }, { required: ['b', 'a'] }, 1],
  [{ required: ['a', 'b'] }, { required: ['b'] }, 1],
  [{ properties: {} }, { properties: {}, required: ['a'] }, 1],
];
for (const [before, after, breaks] of samples) {
  if (findBreaks(before, after).length !== breaks) throw new Error(`not judged right: ${JSON.stringify(before)}`);
}

/** Required for a time, though messages of before these fields were added lack them. */
const mistaken = ['stateReason', 'note', 'causeId'].map(
  (field) => `$.$defs.autoprov.event.v1.Failure.required no longer holds ${field}`,
);

const dir = 'docs/schemas';
const problems: string[] = [];
const base = findBaseRevision();
for (const [file, text] of publicContract()) {
  const path = `${dir}/${file}`;
  const written = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (written !== text) problems.push(`${path} is not what the contracts give`);
  const before = base && file.endsWith('.json') ? readAtRevision(base, path) : undefined;
  const breaks = before ? findBreaks(JSON.parse(before), JSON.parse(text)) : [];
  problems.push(...breaks.filter((it) => !mistaken.includes(it)).map((it) => `${path}: ${it}`));
}
problems.push(...checkExample());
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

function checkExample(): string[] {
  const schema = JSON.parse(publicContract().get('autoprov.event.v1.Failure.json')!) as z.core.JSONSchema.JSONSchema;
  const failure = z.fromJSONSchema(schema);
  const [, example] = /```json\n(.*?)```/s.exec(readFileSync('docs/consumers.md', 'utf8')) ?? [];
  const message = JSON.parse(example ?? '{}') as Record<string, unknown>;
  // A check that takes everything says nothing.
  if (failure.safeParse({ ...message, attempt: '1' }).success) throw new Error('an attempt that is a text is let pass');
  const { error } = failure.safeParse(message);
  return (error?.issues ?? []).map((it) => `docs/consumers.md: ${it.path.join('.')} of the example: ${it.message}`);
}
