// npm run demo [-- --users N] [--sp better-auth|scimmy] [--json]: a first sync, a second pass, seven changes, a verdict.
import { relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { examplePeople } from '@autoprov/testing';
import type { Network, ServiceProviderKind } from '@autoprov/testing';
import { runCli } from './shared/cli.ts';
import { directoryChanges } from './shared/directory-changes.ts';
import type { DirectoryChange } from './shared/directory-changes.ts';
import { colored, createDisplay, formatRows } from './shared/display.ts';
import type { Display } from './shared/display.ts';
import { applyExample, syncExample } from './shared/example-app.ts';
import { findDifferences } from './shared/judge.ts';
import { runTool, withNetwork } from './shared/run-tool.ts';
import { readSummary } from './shared/summary.ts';
import type { Summary } from './shared/summary.ts';

const dir = '.autoprov/demo';
const csvFile = resolve('.autoprov/demo-failures.csv');

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '1000' },
    sp: { type: 'string', default: 'better-auth' },
    json: { type: 'boolean', default: false },
  },
});

/** What the demo found out; with --json, its last line. */
type Result = { converged: boolean } & Summary & {
    /** Writes at the service provider by a pass with nothing changed. */
    secondPassWrites: number;
    /** From the first call to the verdict. */
    seconds: number;
    peakMemoryMb: Record<string, number>;
  };

await runTool(async () => {
  const display = createDisplay();
  const people = examplePeople({ users: Number(values.users) });
  // Nothing is read but what the demo asks for, so that each write has its cause.
  const env = { 'directory-reader': { POLL_INTERVAL_MS: '3600000' } };
  const serviceProvider = { kind: values.sp as ServiceProviderKind };
  display.print(
    `\n  ${colored('bold', 'Autoprov')}, ${people.state.users.size} people, service provider ${values.sp}\n`,
  );
  const { result, mistakes } = await withNetwork(display, { dir, people, env, serviceProvider }, (network) =>
    demonstrate(network, display),
  );
  print(display, result, mistakes);
  if (values.json) display.print(JSON.stringify(result));
  return result.converged ? 0 : 1;
});

async function demonstrate(network: Network, display: Display): Promise<{ result: Result; mistakes: string[] }> {
  const startMs = performance.now();
  display.step('an example company, by autoprov apply');
  await applyExample(network, network.people.accessGroup);
  await syncExample(network, display, { title: 'first sync', read: false });

  const writesBefore = await countWrites(network);
  await syncExample(network, display, { title: 'second pass, nothing changed', read: true });
  const secondPassWrites = (await countWrites(network)) - writesBefore;
  display.done(`${secondPassWrites} writes`);
  const mistakes = secondPassWrites === 0 ? [] : [`the second pass wrote ${secondPassWrites} times`];

  const { changes, losers } = directoryChanges(network);
  for (const change of changes) mistakes.push(...(await makeChange(network, display, change)));

  display.step('the verdict');
  mistakes.push(...(await findDifferences(network, losers)));
  await runCli(network, 'failures', '--download', csvFile);
  const summary = await readSummary(network);
  display.done();
  const seconds = Math.round((performance.now() - startMs) / 100) / 10;
  const converged = mistakes.length === 0;
  return {
    result: { converged, ...summary, secondPassWrites, seconds, peakMemoryMb: network.peakMemoryMb() },
    mistakes,
  };
}

/** Lets one change happen and arrive; answers what was not as it must be. */
async function makeChange(network: Network, display: Display, change: DirectoryChange): Promise<string[]> {
  const { title, methods } = change;
  await network.serviceProvider.run({ do: 'resetCounts' });
  display.step(title);
  change.happen();
  await network.settle();
  const writes = (await network.serviceProvider.log()).filter(({ method }) => method !== 'GET');
  const words = writes.map(({ method, status }) => `${method} ${status}`).join(', ');
  display.done(`${writes.length} write${writes.length === 1 ? '' : 's'}${words && `: ${words}`}`);
  const isRight = writes.length === 1 && methods.includes(writes[0]!.method);
  return isRight ? [] : [`${title} must be one ${methods.join(' or ')} and was ${words || 'nothing'}`];
}

async function countWrites({ serviceProvider }: Network): Promise<number> {
  return (await serviceProvider.counts()).writes;
}

function print(display: Display, result: Result, mistakes: string[]): void {
  const { converged, failed, peakMemoryMb } = result;
  const failing = Object.entries(failed).map(([code, count]) => `${code} × ${count}`);
  const rows = formatRows([
    ['created', result.created],
    ['updated', result.updated],
    ['suspended', result.suspended],
    ['deleted', result.deleted],
    ['failed, by code', failing.join(', ') || 'nobody'],
    ['requests to the directory', result.googleReads],
    ['requests to the service provider', result.scimCalls],
    ['writes of a pass with nothing changed', result.secondPassWrites],
    ['seconds', result.seconds],
    ...Object.entries(peakMemoryMb).map(([name, mb]): [string, string] => [`peak memory of ${name}`, `${mb} MB`]),
    ['the list of failures', relative('.', csvFile)],
  ]);
  display.print(`\n${rows}\n`);
  for (const mistake of mistakes) display.print(`  ${colored('red', '✖')} ${mistake}`);
  if (converged) display.print(`  ${colored('green', '✔')} the service provider holds what the directory demands\n`);
}
