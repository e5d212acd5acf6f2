// npm run proof -- NAME [--json]: measures what the documents promise, in a running system. tools/proofs/NAME.ts is the proof.
import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { createDisplay, formatRows } from './shared/display.ts';
import type { Display } from './shared/display.ts';
import { runTool } from './shared/run-tool.ts';

/** What a proof found out. */
export type Proof = {
  /** With --json, the last line. */
  figures: Record<string, number>;
  /** More to read, as rows. */
  details: [name: string, value: string | number][];
  /** What is promised and not so, one sentence each. */
  broken: string[];
};

/** A proof's module. */
type ProofModule = { prove(this: void, display: Display): Promise<Proof> };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false } },
});

await runTool(async () => {
  const names = globSync('proofs/*.ts', { cwd: import.meta.dirname }).map((file) => basename(file, '.ts'));
  const [name, ...more] = positionals;
  if (!name || more.length > 0 || !names.includes(name)) {
    console.error(`say what to prove, npm run proof -- NAME, where NAME is one of: ${names.toSorted().join(', ')}`);
    return 2;
  }
  const display = createDisplay();
  const { prove } = (await import(`./proofs/${name}.ts`)) as ProofModule;
  const { figures, details, broken } = await prove(display);
  display.print(`\n${formatRows([...Object.entries(figures), ...details])}\n`);
  for (const sentence of broken) display.print(`  not so: ${sentence}`);
  if (values.json) display.print(JSON.stringify(figures));
  return broken.length === 0 ? 0 : 1;
});
