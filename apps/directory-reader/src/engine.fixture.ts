import {
  connect,
  inTransaction,
  migrate,
  roleUrl,
  withLease,
  type HeldLease,
  type OutboxRecord,
} from '@autoprov/postgres';
import { createTestDatabase, runAsAdmin } from '@autoprov/postgres/testing';
import { DirectoryEvent } from '@autoprov/proto';
import { createLogger } from '@autoprov/service';
import { makeServiceAccountKey, startDirectory, type DirectoryState } from '@autoprov/testing';
import { announceAllUsers } from './announce.ts';
import type { ReaderContext } from './context.ts';
import { createDirectoryClient } from './directory-client.ts';
import { DirectoryError } from './domain/directory-error.ts';
import { parseUser } from './domain/pages.ts';
import { fetchToken } from './outside.fixture.ts';
import { readCustomer } from './read-customer.ts';
import { everyMs } from './reader-network.fixture.ts';
import { migrationsDir } from './server.ts';
import { ensureCustomer, findCustomer, requestRead, requestResend } from './store/customers.ts';
import { syncInterests } from './store/interests.ts';
import { upsertSetup } from './store/setups.ts';
import { createDatabaseClock } from './store/database-clock.ts';
import { listUsers, markDeleted, mergeUsers } from './store/users.ts';

const logger = createLogger({ service: 'test', level: process.env['LOG_LEVEL'] ?? 'fatal' });
const tokenRequest = { customer: '', forceNew: false };
const tables = [
  'customers',
  'interests',
  'users',
  'members',
  'member_lists',
  'lists',
  'request_counts',
  'checks',
  'read_gaps',
];

/** The engine of the reader on a real database, without its service around it: a history of reads takes milliseconds. */
export async function startEngine() {
  const database = await createTestDatabase();
  await migrate({ adminUrl: database.url, service: 'directory-reader', migrationsDir });
  // No test pulls the plug: only waiting for the disk is spared.
  await runAsAdmin(
    database.url,
    `alter database ${new URL(database.url).pathname.slice(1)} set synchronous_commit = off`,
  );
  const url = roleUrl(database.url, 'directory-reader');
  const pool = connect({ url, schema: 'directory-reader', applicationName: 'test', logger, max: 20 });
  const serviceAccountKey = makeServiceAccountKey();
  let customers = 0;
  return {
    /** A customer with a directory of its own, and one setup that names these groups. */
    addCustomer: (options: CustomerOptions) =>
      addCustomer({ ...options, pool, serviceAccountKey, number: customers++ }),
    async stop() {
      await pool.end();
      await database.drop();
    },
  };
}

type CustomerOptions = {
  people: DirectoryState;
  groups: string[];
  schemas?: string[];
  /** Waited for between the directory's working out an answer and its sending. */
  onAnswer?: (request: URL) => void | Promise<void>;
};
type Pool = ReaderContext['pool'];

async function addCustomer({
  pool,
  serviceAccountKey,
  number,
  people,
  groups,
  schemas = [],
  onAnswer,
}: CustomerOptions & { pool: Pool; serviceAccountKey: ReturnType<typeof makeServiceAccountKey>; number: number }) {
  const customerId = `c${number}`;
  const directory = await startDirectory({ people, serviceAccountKey, ...(onAnswer && { onAnswer }) });
  const context = contextOf(pool, directory);
  let revision = 0n;

  /** Names other groups and schemas from now on. */
  const putSetup = (wanted: { groups: string[]; schemas?: string[] }) =>
    inTransaction(pool, async (tx) => {
      revision += 1n;
      await upsertSetup(tx, { customerId, appId: 'crm', revision, active: true, schemas: [], ...wanted });
      await ensureCustomer(tx, customerId);
      await syncInterests(tx, customerId, context.now());
    });
  await putSetup({ groups, schemas });

  /** What was announced since the last time, in order. */
  async function takeEvents(): Promise<DirectoryEvent[]> {
    const { rows } = await pool.query<Pick<OutboxRecord, 'value'>>(
      `with taken as (delete from outbox where partition_key = $1 returning id, value) select value from taken order by id`,
      [customerId],
    );
    return rows.map(({ value }) => DirectoryEvent.decode(value!));
  }
  async function underLease(work: (lease: HeldLease) => Promise<void>): Promise<void> {
    await withLease(pool, { name: `read ${customerId}`, owner: 'test', ttlMs: 60_000 }, work);
  }
  return {
    directory,
    context,
    putSetup,
    takeEvents,
    status: async () => (await findCustomer(pool, customerId))!,
    /** Asks for a read and does one; a read that broke off before is the one that is done. */
    async read(signal: AbortSignal = new AbortController().signal): Promise<void> {
      await requestRead(pool, customerId);
      await underLease((lease) => readCustomer(context, customerId, lease, signal));
    },
    /** As if the last step of a read that broke off had been eleven minutes ago. */
    forget: () =>
      pool.query(`update customers set step_time = step_time - interval '11 minutes' where customer_id = $1`, [
        customerId,
      ]),
    /** Reads one user alone, as something that hurries does. */
    async hurry(id: string): Promise<void> {
      const { readNo } = (await findCustomer(pool, customerId))!;
      const client = createDirectoryClient({
        rootUrl: directory.url,
        retryBudgetMs: 0,
        budget: context.budgetOf(customerId),
        getToken: async () =>
          (await context.tokenBroker.getDirectoryAccessToken(tokenRequest, { timeoutMs: 5_000 })).accessToken,
        countRequest: async () => {},
        now: await createDatabaseClock(pool),
        signal: new AbortController().signal,
        logger,
      });
      const answer = await client.getUser(id, []).catch((err: unknown) => err as DirectoryError);
      const isRefused = answer instanceof DirectoryError;
      if (isRefused && answer.kind !== 'not-found') return;
      const observation = { customerId, readNo, sentAt: answer.sentAt! };
      if (isRefused) await markDeleted(pool, observation, id);
      else await mergeUsers(pool, { ...observation, by: 'get' }, [parseUser(answer.body)]);
    },
    /** Publishes everybody again, as a copy asks for that differs. */
    async resend(): Promise<void> {
      await requestResend(pool, customerId);
      await underLease((lease) => announceAllUsers({ context, customerId, lease }));
    },
    mirror: () => listUsers(pool, customerId, { after: '', limit: 100_000, showDeleted: true }),
    /** The customer's tables as they are. */
    dump: () => dumpTables(pool, customerId),
    /** Puts tables back as they were, as if that had been so many hours ago. */
    restore: (dump: Dump, hoursAgo: number) => restoreTables(pool, customerId, dump, hoursAgo),
    stop: () => directory.stop(),
  };
}

function contextOf(pool: Pool, directory: Parameters<typeof fetchToken>[0]): ReaderContext {
  let token: Promise<string> | undefined;
  const tokenBroker = {
    async getDirectoryAccessToken({ forceNew }: { forceNew: boolean }) {
      if (forceNew) token = undefined;
      token ??= fetchToken(directory).catch((err: unknown) => {
        token = undefined;
        throw err;
      });
      return { accessToken: await token, expireTime: new Date(Date.now() + 3_000_000) };
    },
  };
  return {
    pool,
    logger,
    now: () => new Date(),
    // A read asks nothing of config, and of the broker only for tokens.
    config: undefined as unknown as ReaderContext['config'],
    tokenBroker: tokenBroker as unknown as ReaderContext['tokenBroker'],
    outbox: { wake() {} },
    origin: { installationId: 'test', service: 'directory-reader' },
    configSilenceMs: 30_000,
    historyKeptMs: 400 * 86_400_000,
    poll: everyMs(3_600_000),
    requestsPerMinute: 1_000_000,
    retryBudgetMs: 0,
    googleRootUrl: directory.url,
    budgetOf: () => ({ take: async () => new Date(), slowDown: async () => {} }),
    wakeReads() {},
  };
}

type Dump = Map<string, string>;

async function dumpTables(pool: Pool, customerId: string): Promise<Dump> {
  const dump: Dump = new Map();
  for (const table of tables) {
    const { rows } = await pool.query<{ rows: string }>(
      `select coalesce(jsonb_agg(t), '[]')::text as rows from ${table} t where ${ownerOf(table)} = $1`,
      [customerId],
    );
    dump.set(table, rows[0]!.rows);
  }
  return dump;
}

async function restoreTables(pool: Pool, customerId: string, dump: Dump, hoursAgo: number): Promise<void> {
  await inTransaction(pool, async (tx) => {
    for (const [table, rows] of dump) {
      await tx.query(`delete from ${table} where ${ownerOf(table)} = $1`, [customerId]);
      await tx.query(`insert into ${table} select * from jsonb_populate_recordset(null::${table}, $1::jsonb)`, [rows]);
    }
    // What the dump says happened when it was made.
    const ago = `make_interval(hours => $2)`;
    await tx.query(
      `update customers set next_read_time = next_read_time - ${ago}, last_end_time = last_end_time - ${ago},
         step_time = step_time - ${ago}
       where customer_id = $1`,
      [customerId, hoursAgo],
    );
    await tx.query(
      `update users set observed_at = observed_at - ${ago}, got_at = got_at - ${ago} where customer_id = $1`,
      [customerId, hoursAgo],
    );
  });
}

function ownerOf(table: string): string {
  return table === 'checks' ? `split_part(subject, '/', 2)` : 'customer_id';
}
