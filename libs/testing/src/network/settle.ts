import { setTimeout as delay } from 'node:timers/promises';
import { rpcErrorOf, status } from '@autoprov/grpc';
import { lagOf, topics } from '@autoprov/kafka';
import type { Kafka } from '@autoprov/kafka';
import { schemaName } from '@autoprov/postgres';
import type { Pool } from '@autoprov/postgres';
import { GetAppStatusResponse_State, ProvisioningSetup_State } from '@autoprov/proto';
import type { GetAppStatusResponse, ProvisioningSetup } from '@autoprov/proto';
import type { NetworkClients } from './clients.ts';
import { serviceNames } from './service-environment.ts';
import type { ServiceName } from './service-environment.ts';

/** What is looked at to know that a network has nothing left to do. */
export type Observed = { clients: NetworkClients; kafka: Kafka; pool: Pool; clockOffsetMs: number };

/** Work that is due this soon is waited for; retries of failed pushes come later than that. */
const DUE_SOON_MS = 10_000;
const LOOK_EVERY_MS = 50;
const CALL = { timeoutMs: 10_000 };
const anyFailure = { parent: 'customers/-', filter: undefined, pageSize: 1, pageToken: '' };

/** How to settle. */
export type SettleOptions = {
  /** Has every customer's directory read first. Default: true; after an activation a read comes by itself. */
  read?: boolean;
  /** Waits for the pushes and what follows from them, too. Default: true; else only until the pusher knows what was read. */
  pushed?: boolean;
  /** Default: 120,000. */
  timeoutMs?: number;
};

/**
 * Waits until all is done that follows from a read of each customer's directory: pushed, or failed and listed. An app
 * whose service provider refuses us, or where changes wait for somebody, counts as done, one that backs off does not.
 */
export async function settle(observed: Observed, options: SettleOptions = {}): Promise<void> {
  const { read = true, pushed = true, timeoutMs = 120_000 } = options;
  const deadlineMs = Date.now() + timeoutMs;
  const until = (what: string, isDone: () => Promise<boolean>) => waitUntil(what, isDone, deadlineMs);
  let setups: ProvisioningSetup[] = [];
  await until('config to answer', async () => {
    setups = await listActiveSetups(observed.clients.config);
    return true;
  });
  const customers = [...new Set(setups.map(({ name }) => name.split('/apps/')[0]!))];
  if (read) await Promise.all(customers.map((customer) => readDirectory(observed.clients.directory, customer, until)));
  await until('the read to reach the pusher', async () => {
    if ((await countOutbox(observed.pool, 'directory-reader')) > 0) return false;
    return (await lagOf(observed.kafka, 'scim-pusher', [topics.users])) === 0;
  });
  if (!pushed) return;
  for (const setup of setups) await until(`${setup.name} to be in step`, () => isPushed(observed, setup));
  for (const service of serviceNames) {
    await until(`${service} to publish`, async () => (await countOutbox(observed.pool, service)) === 0);
  }
  for (const topic of [topics.outcomes, topics.checks]) {
    await until(
      `the reporter to read ${topic}`,
      async () => (await lagOf(observed.kafka, 'failure-reporter', [topic])) === 0,
    );
  }
  await until('the failures to be published', async () => {
    const { rows } = await observed.pool.query(
      `select from failure_reporter.failures where published_seq < seq limit 1`,
    );
    return rows.length === 0 && (await countOutbox(observed.pool, 'failure-reporter')) === 0;
  });
  // After a restart of the reporter its client takes a moment to connect again.
  await until('the failures to be listed', async () => {
    await observed.clients.failures.listFailures(anyFailure, CALL);
    return true;
  });
}

/**
 * Looks until something is so; a service that does not answer meanwhile is asked again.
 *
 * @param what for the message of the error that is thrown when the deadline has passed
 */
export async function waitUntil(what: string, isDone: () => Promise<boolean>, deadlineMs: number): Promise<void> {
  let lastError: unknown;
  for (;;) {
    try {
      if (await isDone()) return;
      lastError = undefined;
    } catch (err) {
      if (!isPassing(err)) throw err;
      lastError = err;
    }
    if (Date.now() > deadlineMs) throw new Error(`waited too long for ${what}: read the logs`, { cause: lastError });
    await delay(LOOK_EVERY_MS);
  }
}

function isPassing(err: unknown): boolean {
  const code = rpcErrorOf(err)?.code;
  return code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED || code === status.CANCELLED;
}

async function listActiveSetups(config: NetworkClients['config']): Promise<ProvisioningSetup[]> {
  const setups: ProvisioningSetup[] = [];
  const { customers } = await config.listCustomers({ pageSize: 1000, pageToken: '' }, CALL);
  for (const { name: parent } of customers) {
    const { apps } = await config.listApps({ parent, pageSize: 1000, pageToken: '' }, CALL);
    for (const { name } of apps) {
      const setup = await findSetup(config, `${name}/setup`);
      if (setup?.state === ProvisioningSetup_State.STATE_ACTIVE) setups.push(setup);
    }
  }
  return setups;
}

async function findSetup(config: NetworkClients['config'], name: string): Promise<ProvisioningSetup | undefined> {
  try {
    return (await config.getSetup({ name }, CALL)).setup;
  } catch (err) {
    if (rpcErrorOf(err)?.code === status.NOT_FOUND) return undefined;
    throw err;
  }
}

async function readDirectory(
  directory: NetworkClients['directory'],
  customer: string,
  until: (what: string, isDone: () => Promise<boolean>) => Promise<void>,
): Promise<void> {
  let readNo: bigint | undefined;
  await until(`the reader to know ${customer}`, async () => {
    readNo = await requestRead(directory, customer);
    return readNo !== undefined;
  });
  await until(`read ${readNo} of ${customer} to end`, async () => {
    const { lastReadNo } = await directory.getReadStatus({ customer }, CALL);
    return lastReadNo >= readNo!;
  });
}

/** Undefined while the reader has not heard of the customer's setups. */
async function requestRead(directory: NetworkClients['directory'], customer: string): Promise<bigint | undefined> {
  try {
    return (await directory.requestRead({ customer }, CALL)).readNo;
  } catch (err) {
    if (rpcErrorOf(err)?.code === status.NOT_FOUND) return undefined;
    throw err;
  }
}

async function isPushed({ clients, pool, clockOffsetMs }: Observed, setup: ProvisioningSetup): Promise<boolean> {
  const app = setup.name.replace(/\/setup$/, '');
  const { state, setupRevision } = await readAppStatus(clients.push, app);
  if (setupRevision < setup.revision) return false;
  if (state === GetAppStatusResponse_State.STATE_QUARANTINED || state === GetAppStatusResponse_State.STATE_HELD)
    return true;
  if (state !== GetAppStatusResponse_State.STATE_IN_STEP) return false;
  const [, customerId, , appId] = app.split('/');
  const soon = new Date(Date.now() + clockOffsetMs + DUE_SOON_MS);
  const { rows } = await pool.query(
    `select from scim_pusher.accounts where customer_id = $1 and app_id = $2 and due_at <= $3 limit 1`,
    [customerId, appId, soon],
  );
  return rows.length === 0;
}

/** An app that the pusher has not heard of yet has revision 0. */
async function readAppStatus(
  push: NetworkClients['push'],
  app: string,
): Promise<Pick<GetAppStatusResponse, 'state' | 'setupRevision'>> {
  try {
    return await push.getAppStatus({ app }, CALL);
  } catch (err) {
    if (rpcErrorOf(err)?.code !== status.NOT_FOUND) throw err;
    return { state: GetAppStatusResponse_State.STATE_UNSPECIFIED, setupRevision: 0n };
  }
}

async function countOutbox(pool: Pool, service: ServiceName): Promise<number> {
  const { rows } = await pool.query<{ waiting: number }>(
    `select count(*)::int as waiting from ${schemaName(service)}.outbox`,
  );
  return rows[0]!.waiting;
}
