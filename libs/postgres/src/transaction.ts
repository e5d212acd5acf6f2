import type { Db, Pool } from './connect.ts';
import { isUnavailable } from './errors.ts';

export type Isolation = 'read committed' | 'repeatable read' | 'serializable';

/**
 * Runs `fn` in one transaction and returns its result: committed when it resolves, rolled back when it throws.
 * When the connection breaks (`isUnavailable`) at the commit itself, nobody knows which: read again before redoing.
 */
export function inTransaction<T>(
  pool: Pool,
  fn: (tx: Db) => Promise<T>,
  { isolation = 'read committed' }: { isolation?: Isolation } = {},
): Promise<T> {
  return pool.onOneConnection(async (connection) => {
    await connection.query(`begin isolation level ${isolation}`);
    let result: T;
    try {
      result = await fn(connection);
    } catch (err) {
      // A lost connection rolls back by itself, and the first error says more than a failed rollback.
      if (!isUnavailable(err)) await connection.query('rollback').catch(() => {});
      throw err;
    }
    const { command } = await connection.query('commit');
    // The server answers COMMIT with ROLLBACK, and no error, after a failed statement whose error was swallowed.
    if (command !== 'COMMIT')
      throw new Error('nothing was committed: a statement failed before; do not catch its error');
    return result;
  });
}
