import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import {
  createPresentHash,
  DirectoryEvent,
  DirectoryUser,
  DirectoryUser_State,
  ProvisioningSetup,
  ProvisioningSetup_State,
  ScimProfile,
} from '@autoprov/proto';
import { inTransaction, migrate } from '@autoprov/postgres';
import { createTestDatabase } from '@autoprov/postgres/testing';
import { waitUntil } from '@autoprov/testing';
import { ingestBatch } from './ingest.ts';
import { createTestContext, mappingRows } from './push/test-app.fixture.ts';
import { saveSetupChanges } from './store/setups.ts';
import { startTimedServiceProvider, type Temper, type TimedServiceProvider } from './timed-service-provider.fixture.ts';

/** What is measured. */
export type IsolationOptions = {
  processes: number;
  /** Apps with a change now and then: how long it takes to the service provider is measured. */
  quietApps: number;
  /** Apps with more changes than their rate allows. */
  busyApps: number;
  /** Apps that have as much to do as the busy ones, and whose service provider does badly. */
  troubled: readonly Temper[];
  requestsPerSecond: number;
  seconds: number;
};

/** What came out. */
export type Isolation = {
  /** 95 of 100 changes of quiet apps reached their service provider within. */
  p95Ms: number;
  pushed: number;
  /** The most requests that one app got in any second, and in any ten. */
  mostInSecond: number;
  mostInTenSeconds: number;
  /** What the busy apps got, each on average. */
  busyPerSecond: number;
};

type MeasuredApp = { customerId: string; sp: TimedServiceProvider; people: number; changeEveryMs: number };

const busyPeople = 40;
let [seq, titles] = [0n, 0];

/** Runs workers in processes of their own over apps with a customer and a service provider each, on a database of their own. */
export async function measureIsolation(options: IsolationOptions): Promise<Isolation> {
  const stops: (() => unknown)[] = [];
  try {
    const database = await createTestDatabase();
    stops.push(() => database.drop());
    await migrate({
      adminUrl: database.url,
      service: 'scim-pusher',
      migrationsDir: new URL('../migrations', import.meta.url).pathname,
    });
    const ctx = createTestContext(database.url, { token: 'measured' });
    stops.push(() => ctx.pool.end());
    const tempers: Temper[] = [
      ...Array<Temper>(options.quietApps + options.busyApps).fill('well'),
      ...options.troubled,
    ];
    const apps: MeasuredApp[] = [];
    for (const [i, temper] of tempers.entries()) {
      const sp = await startTimedServiceProvider(temper);
      stops.push(() => sp.stop());
      const isQuiet = i < options.quietApps;
      apps.push({
        customerId: `c${i}`,
        sp,
        people: isQuiet ? 2 : busyPeople,
        changeEveryMs: isQuiet ? 1_000 : 250,
      });
    }
    await install(ctx, apps, options.requestsPerSecond);
    await startWorkers(database.url, options.processes, stops);
    const well = apps.slice(0, options.quietApps + options.busyApps);
    const isInStep = async () => well.every(({ sp, people }) => sp.askedAtMs.length >= people);
    await waitUntil('everybody is there', isInStep, Date.now() + 60_000);
    return await measure(ctx, apps, options);
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

type Context = ReturnType<typeof createTestContext>;

async function install(ctx: Context, apps: readonly MeasuredApp[], maxRequestsPerSecond: number): Promise<void> {
  const scim = { ...ScimProfile.fromPartial({}), maxRequestsPerSecond };
  const changes = apps.map(({ customerId, sp }) => ({
    app: `customers/${customerId}/apps/crm`,
    revision: ++seq,
    setup: {
      ...ProvisioningSetup.fromPartial({}),
      state: ProvisioningSetup_State.STATE_ACTIVE,
      endpointUrl: sp.baseUrl,
      attributeMapping: { rows: mappingRows() },
      revision: seq,
    },
    scim,
    appRemoved: false,
  }));
  await inTransaction(ctx.pool, (tx) => saveSetupChanges(tx, changes, seq, new Date()));
  for (const { customerId, people } of apps) {
    const users = Array.from({ length: people }, (_, i) => userEvent(customerId, i, `title-${++titles}`));
    const hash = createPresentHash();
    for (const [i, { seq: userSeq }] of users.entries()) hash.add(idOf(i), userSeq);
    const value = {
      readNo: ++seq,
      groups: [],
      schemas: [],
      presentCount: BigInt(people),
      presentHash: hash.digest(),
      completeTime: new Date(),
    };
    const end: DirectoryEvent = { customer: `customers/${customerId}`, seq, event: { $case: 'readCompleted', value } };
    await ingest(ctx, [...users, end]);
  }
}

async function startWorkers(databaseUrl: string, processes: number, stops: (() => unknown)[]): Promise<void> {
  const settings = { httpTimeoutMs: 30_000, retryForMs: 60_000, leaseMs: 90_000 };
  const workers = Array.from({ length: processes }, () =>
    fork(new URL('isolation-worker.process.ts', import.meta.url).pathname, [databaseUrl, JSON.stringify(settings)], {
      execArgv: ['--conditions=@autoprov/source', '--disable-warning=ExperimentalWarning'],
    }),
  );
  for (const worker of workers) {
    stops.push(async () => {
      const exited = once(worker, 'exit');
      worker.disconnect();
      await exited;
    });
  }
  await Promise.all(workers.map((worker) => once(worker, 'message')));
}

async function measure(ctx: Context, apps: readonly MeasuredApp[], options: IsolationOptions): Promise<Isolation> {
  const quiet = apps.slice(0, options.quietApps);
  const busy = apps.slice(options.quietApps, options.quietApps + options.busyApps);
  const sentAtMs = new Map<string, number>();
  const startMs = performance.now();
  const endMs = startMs + options.seconds * 1_000;
  await Promise.all(
    apps.map(async (app, i) => {
      // Not all at the same time.
      await pause((app.changeEveryMs * i) / apps.length);
      for (let turn = 0; performance.now() < endMs; turn++) {
        const nextMs = performance.now() + app.changeEveryMs;
        const changed = app.people === busyPeople ? busyPeople / 4 : 1;
        const events = Array.from({ length: changed }, (_, j) =>
          userEvent(app.customerId, (turn * changed + j) % app.people, `title-${++titles}`),
        );
        const title = `title-${titles}`;
        await ingest(ctx, events);
        if (quiet.includes(app)) sentAtMs.set(title, performance.now());
        await pause(Math.max(0, nextMs - performance.now()));
      }
    }),
  );
  const stopMs = performance.now();
  const arrived = new Map(quiet.flatMap(({ sp }) => [...sp.titledAtMs]));
  const latencies = [...sentAtMs].flatMap(([title, atMs]) => (arrived.has(title) ? [arrived.get(title)! - atMs] : []));
  const counts = busy.map(({ sp }) => sp.askedAtMs.filter((atMs) => atMs > startMs && atMs < stopMs).length);
  const most = (windowMs: number) => Math.max(...apps.map(({ sp }) => mostWithin(sp.askedAtMs, windowMs)));
  return {
    p95Ms: Math.round(latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length * 0.95)] ?? Infinity),
    pushed: latencies.length,
    mostInSecond: most(1_000),
    mostInTenSeconds: most(10_000),
    busyPerSecond: Math.round(counts.reduce((sum, n) => sum + n, 0) / busy.length / ((stopMs - startMs) / 1_000)),
  };
}

/** The most of these times, in order, that lie within a window of this length. */
function mostWithin(timesMs: readonly number[], windowMs: number): number {
  let [from, most] = [0, 0];
  timesMs.forEach((timeMs, i) => {
    while (timesMs[from]! <= timeMs - windowMs) from++;
    most = Math.max(most, i - from + 1);
  });
  return most;
}

const idOf = (index: number) => String(1_000 + index);

function userEvent(customerId: string, index: number, title: string): DirectoryEvent {
  const id = idOf(index);
  const primaryEmail = `p${id}@${customerId}.example`;
  const user: DirectoryUser = {
    ...DirectoryUser.fromPartial({}),
    name: `customers/${customerId}/users/${id}`,
    primaryEmail,
    state: DirectoryUser_State.STATE_ACTIVE,
    attributes: {
      id,
      primaryEmail,
      name: { givenName: 'P', familyName: id },
      organizations: [{ title, primary: true }],
    },
  };
  return { customer: `customers/${customerId}`, seq: ++seq, event: { $case: 'user', value: user } };
}

async function ingest(ctx: Context, events: readonly DirectoryEvent[]): Promise<void> {
  const records = events.map((event, i) => ({
    key: '',
    value: Buffer.from(DirectoryEvent.encode(event).finish()),
    headers: {},
    offset: String(i),
    timestampMs: 0,
  }));
  await ingestBatch(ctx, { topic: 'autoprov.users.v1', partition: 0, records });
}
