import pg from 'pg';
import { isUnavailable } from './errors.ts';
import type { Logger } from './logger.ts';
import { schemaName } from './names.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 30_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 30_000;

/**
 * Where SQL is run: a pool or a transaction, the caller decides. `int8` comes as bigint, `timestamptz` as Date,
 * `numeric` as string; bigint, Date, Buffer and arrays of them may be given as values.
 */
export type Db = {
  query<Row = Record<string, unknown>>(text: string, values?: unknown[]): Promise<{ rows: Row[]; rowCount: number }>;
};

/** One connection, as `inTransaction` needs it: `command` is the server's word for what it did. */
export type Connection = {
  query<Row>(text: string, values?: unknown[]): Promise<{ rows: Row[]; rowCount: number; command: string }>;
};

/** Connections of one service to its schema, made on demand and made again after they broke. */
export class Pool implements Db {
  readonly #pool: pg.Pool;

  constructor(config: pg.PoolConfig, logger: Logger) {
    this.#pool = new pg.Pool(config);
    // Listened to on each client: one that breaks while it is checked out, between two statements, is not reported by the
    // pool, and an 'error' without a listener ends the process. The pool's own event repeats that of its idle clients.
    this.#pool.on('connect', (client) => {
      client.on('error', (err) => logger.warn({ err }, 'postgres connection lost: a new one is made when needed'));
    });
    this.#pool.on('error', () => {});
  }

  query<Row = Record<string, unknown>>(text: string, values?: unknown[]): Promise<{ rows: Row[]; rowCount: number }> {
    return this.onOneConnection((connection) => connection.query<Row>(text, values));
  }

  /** Runs `fn` on one connection of its own, which works until `fn` has settled. For transactions see `inTransaction`. */
  async onOneConnection<T>(fn: (connection: Connection) => Promise<T>): Promise<T> {
    // Not pg's pool.query(): that closes the connection after every failed statement, a unique violation included.
    const client = await this.#pool.connect();
    let open = true;
    let broken = false;
    const connection: Connection = {
      async query<Row>(text: string, values?: unknown[]) {
        if (!open) throw new Error('this connection was given back: await every query before the function returns');
        try {
          const { rows, rowCount, command } = await client.query(text, values);
          return { rows: rows as Row[], rowCount: rowCount ?? 0, command };
        } catch (err) {
          broken ||= isUnavailable(err);
          throw err;
        }
      },
    };
    try {
      return await fn(connection);
    } finally {
      open = false;
      client.release(broken);
    }
  }

  /** Connections open, idle, and callers waiting for one: for metrics. */
  status(): { open: number; idle: number; waiting: number } {
    return { open: this.#pool.totalCount, idle: this.#pool.idleCount, waiting: this.#pool.waitingCount };
  }

  /** Waits for the statements under way and closes all connections. */
  end(): Promise<void> {
    return this.#pool.end();
  }
}

/**
 * A pool whose sessions see `schema` first and give up a statement, or a transaction left idle, after 30 s.
 * `url` may carry sslmode, sslrootcert and `options` of its own, which win. A connection is waited for 5 s, an answer
 * 35 s.
 *
 * The settings travel as the start-up parameter `options`. PgBouncer in transaction mode must be told
 * `ignore_startup_parameters = options`; the same settings then come from the role, where `migrate` has put them.
 */
export function connect(config: {
  url: string;
  schema: string;
  applicationName: string;
  logger: Logger;
  /** Connections at most; 10 unless said. */
  max?: number;
}): Pool {
  const settings = Object.entries(sessionSettings(schemaName(config.schema))).map(
    ([name, value]) => `-c ${name}=${value}`,
  );
  const url = new URL(config.url);
  // Set in the URL because what a URL says overrides what pg is given beside it.
  url.searchParams.set('options', [...settings, url.searchParams.get('options') ?? ''].join(' ').trim());
  return new Pool(
    {
      connectionString: url.href,
      application_name: config.applicationName,
      max: config.max ?? 10,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      // The server's own limit does not help when the network swallows the answer.
      query_timeout: STATEMENT_TIMEOUT_MS + 5_000,
      keepAlive: true,
      types: { getTypeParser },
    },
    config.logger,
  );
}

/** What every session of a service runs with; names are settings of PostgreSQL. */
export function sessionSettings(schema: string): Record<string, string> {
  return {
    search_path: schema,
    statement_timeout: `${STATEMENT_TIMEOUT_MS}ms`,
    idle_in_transaction_session_timeout: `${IDLE_IN_TRANSACTION_TIMEOUT_MS}ms`,
  };
}

const INT8 = 20;
const INT8_ARRAY = 1016;

const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: string) => {
  const parse = pg.types.getTypeParser(oid, format as 'text');
  if (oid === INT8) return (text: string) => BigInt(text);
  if (oid === INT8_ARRAY)
    return (text: string) => (parse(text) as (string | null)[]).map((n) => (n === null ? n : BigInt(n)));
  return parse;
};
