// npm run bench -- initial [--users N] [--sp better-auth|scimmy] [--json]: how fast a first sync is, beside a bare loop.
import { parseArgs } from 'node:util';
import { plainCompany } from '@autoprov/testing';
import type { Network, ServiceProviderKind } from '@autoprov/testing';
import { runBareLoop } from './shared/bare-loop.ts';
import { createDisplay, formatRows } from './shared/display.ts';
import type { Display } from './shared/display.ts';
import { applyExample, syncExample } from './shared/example-app.ts';
import { runTool, withNetwork } from './shared/run-tool.ts';
import { readSummary } from './shared/summary.ts';

/** Requests under way at once; templates/scim-in-house allows as many. */
const concurrency = 16;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    users: { type: 'string', default: '10000' },
    sp: { type: 'string', default: 'scimmy' },
    json: { type: 'boolean', default: false },
  },
});

/** What was measured; with --json, the last line. */
type Result = {
  name: 'initial';
  users: number;
  /** From the activation until the app is in step and every outcome is counted. */
  seconds: number;
  /** Users a second. */
  perSecond: number;
  bareSeconds: number;
  /** bareSeconds / seconds: 1 is as fast as the bare loop. */
  ratio: number;
  googleReads: number;
  scimCalls: number;
  peakMemoryMb: Record<string, number>;
};

await runTool(async () => {
  if (positionals.join() !== 'initial') {
    console.error('say what to measure: npm run bench -- initial --users 10000');
    return 2;
  }
  const display = createDisplay();
  const people = plainCompany({ users: Number(values.users) });
  const kind = values.sp as ServiceProviderKind;
  const options = { dir: '.autoprov/bench', people, serviceProvider: { kind } };
  display.print(`\n  first sync of ${values.users} users, service provider ${kind}\n`);
  const result = await withNetwork(display, options, (network) => measure(network, display, kind));
  print(display, result);
  if (values.json) display.print(JSON.stringify(result));
  return 0;
});

async function measure(network: Network, display: Display, kind: ServiceProviderKind): Promise<Result> {
  const users = network.people.state.users.size;
  display.step('bare loop');
  const other = await network.startServiceProvider('bare-service-provider', kind);
  const bareSeconds = await runBareLoop(network, other, concurrency);
  await other.stop();

  const startMs = performance.now();
  display.step('first sync');
  await applyExample(network, undefined);
  await syncExample(network, display, { title: 'first sync', read: false });
  const seconds = (performance.now() - startMs) / 1000;
  display.done();

  const { created, googleReads, scimCalls } = await readSummary(network);
  if (created !== users) throw new Error(`${created} of ${users} accounts were created: read ${network.dir}/logs`);
  return {
    name: 'initial',
    users,
    seconds: round(seconds, 1),
    perSecond: Math.round(users / seconds),
    bareSeconds: round(bareSeconds, 1),
    ratio: round(bareSeconds / seconds, 2),
    googleReads,
    scimCalls,
    peakMemoryMb: network.peakMemoryMb(),
  };
}

function print(display: Display, { peakMemoryMb, ...result }: Result): void {
  display.print(
    `\n${formatRows([
      ['users', result.users],
      ['seconds', result.seconds],
      ['users a second', result.perSecond],
      ['seconds of the bare loop', result.bareSeconds],
      ['ratio, bare / ours', result.ratio],
      ['requests to the directory', result.googleReads],
      ['requests to the service provider', result.scimCalls],
      ...Object.entries(peakMemoryMb).map(([name, mb]): [string, string] => [`peak memory of ${name}`, `${mb} MB`]),
    ])}\n`,
  );
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
