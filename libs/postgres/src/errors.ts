import { isNativeError } from 'node:util/types';
import { DatabaseError } from 'pg';

const UNIQUE_VIOLATION = '23505';

/** SQLSTATEs (and classes of two characters) that say "this server, not this statement": docs of PostgreSQL, appendix A. */
const UNAVAILABLE_STATES = new Set([
  '08', // connection exceptions, also PgBouncer's own
  '57P01', // administrator shut the server down
  '57P02', // another backend crashed
  '57P03', // starting up
  '53300', // too many connections
  '25006', // read-only: a standby answered during a failover
]);

/** Classes of SQLSTATEs that say what else went on at the server: another transaction, a lack of something, an operator. */
const TRANSIENT_CLASSES = new Set(['40', '53', '55', '57', '58']);

const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** Errors that pg and pg-pool raise with a message only. */
const CONNECTION_MESSAGES =
  /^(Connection terminated|timeout e|Client has encountered a connection error|Client was closed|Query read timeout)/;

/** Whether `err` is a unique violation; with `constraint`, of that constraint or unique index only. */
export function isUniqueViolation(err: unknown, constraint?: string): boolean {
  if (!(err instanceof DatabaseError) || err.code !== UNIQUE_VIOLATION) return false;
  return constraint === undefined || err.constraint === constraint;
}

/** Whether `err` says that the database could not be reached or is going away: answer UNAVAILABLE, try again later. */
export function isUnavailable(err: unknown): boolean {
  if (err instanceof DatabaseError) {
    const state = err.code ?? '';
    return UNAVAILABLE_STATES.has(state) || UNAVAILABLE_STATES.has(state.slice(0, 2));
  }
  if (!isNativeError(err)) return false;
  return ('code' in err && SOCKET_CODES.has(String(err.code))) || CONNECTION_MESSAGES.test(err.message);
}

/** Whether the same statement with the same values may succeed later: the server is away, or something else stood in its way. */
export function isTransient(err: unknown): boolean {
  return isUnavailable(err) || (err instanceof DatabaseError && TRANSIENT_CLASSES.has((err.code ?? '').slice(0, 2)));
}
