// A worker in a process of its own, for hostile.test.ts to measure: one message is a pass over some apps and a probe, at once.
import { readFileSync, writeFileSync } from 'node:fs';
import { ScimProfile } from '@autoprov/proto';
import type { CallContext } from '@autoprov/grpc';
import { discoverSchema } from './discover-schema.ts';
import { probeServiceProvider } from './probe.ts';
import { pushApp } from './push-app.ts';
import { createTestContext } from './test-app.fixture.ts';
import { withProbe } from './with-probe.ts';

/** What is asked of the worker. */
export type Task = { apps: string[]; probe: string };
/** What came of it; `grownMb`: by how much the memory of the process grew meanwhile, at the most. */
export type Done = { ms: number; grownMb: number; errors: string[] };

const [databaseUrl, token, settings] = process.argv.slice(2);
const ctx = createTestContext(databaseUrl!, { token: token! }, JSON.parse(settings!) as object);

process.on('message', (task: Task) => void run(task));
process.once('disconnect', () => process.exit());

async function run(task: Task): Promise<void> {
  const beforeMb = forgetPeak();
  const startMs = performance.now();
  const results = await Promise.allSettled([...task.apps.map(push), probe(task.probe)]);
  const done: Done = {
    ms: performance.now() - startMs,
    grownMb: readPeakMb() - beforeMb,
    errors: results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : [])),
  };
  process.send!(done);
}

/** Begins to watch memory anew; gives what the process has now. Where the system does not tell (not Linux), since it started. */
function forgetPeak(): number {
  globalThis.gc!();
  if (process.platform !== 'linux') return readPeakMb();
  writeFileSync('/proc/self/clear_refs', '5');
  return process.memoryUsage.rss() / 1024 ** 2;
}

/** The most memory that the process has had. */
function readPeakMb(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1024;
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024;
}

function push(appId: string): Promise<void> {
  return pushApp(ctx, { customerId: 'acme', appId }, new AbortController().signal);
}

async function probe(endpointUrl: string): Promise<unknown> {
  const profile = ScimProfile.fromPartial({});
  const probed = { credential: { app: { customerId: 'acme', appId: 'probed' } }, endpointUrl, profile };
  const call = { deadline: new Date(Date.now() + 5_000), signal: new AbortController().signal } as CallContext;
  const ask = async (opened: Parameters<typeof discoverSchema>[0]) => ({
    schema: await discoverSchema(opened),
    finding: await probeServiceProvider(opened),
  });
  return withProbe<unknown>(ctx, probed, call, ask, (failure) => ({ failure }));
}
