import { outcome_ActionToJSON, failure_StateToJSON, type Failure } from '@autoprov/proto';
import { stringify } from 'csv-stringify/sync';

/** The columns, in order. They are a contract (README.md): new ones come last, none is renamed or removed. */
const columns: [name: string, valueOf: (failure: Failure) => string][] = [
  ['time', ({ updateTime }) => timestamp(updateTime)],
  ['customer', ({ customer }) => customer],
  ['app', ({ app }) => app],
  ['user_id', ({ user }) => user.split('/').at(-1)!],
  ['primary_email', ({ primaryEmail }) => primaryEmail],
  ['action', ({ action }) => (action ? word(outcome_ActionToJSON(action), 'ACTION_') : '')],
  ['code', ({ code }) => code],
  ['reason', ({ reason }) => reason],
  ['title', ({ title }) => title],
  ['http_status', ({ httpStatus }) => (httpStatus ? String(httpStatus) : '')],
  ['scim_type', ({ scimType }) => scimType],
  ['detail', ({ detail }) => detail],
  ['attempt', ({ attempt }) => String(attempt)],
  ['next_attempt_time', ({ nextAttemptTime }) => timestamp(nextAttemptTime)],
  ['state', ({ state }) => word(failure_StateToJSON(state), 'STATE_')],
  ['open_time', ({ openTime }) => timestamp(openTime)],
  ['trace_id', ({ traceId }) => traceId],
  ['name', ({ name }) => name],
  ['cause_id', ({ causeId }) => causeId],
  ['state_reason', ({ stateReason }) => stateReason],
  ['note', ({ note }) => note],
  ['group', ({ group }) => group.split('/groups/')[1] ?? ''],
];

/**
 * What makes a spreadsheet run a cell (OWASP, "CSV Injection"), full-width forms included, also behind what is not seen:
 * spaces, and marks of direction or width.
 */
const formulaStart = /^(?:[\t\r\n]|[\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠])/u;

/** The header row. */
export function csvHeader(): string {
  return toCsv([columns.map(([name]) => name)]);
}

/**
 * One row a failure: RFC 4180 with every cell quoted. A cell that a spreadsheet would run starts with an apostrophe, so
 * that it is shown instead.
 */
export function csvRows(failures: Failure[]): string {
  return toCsv(failures.map((failure) => columns.map(([, valueOf]) => harmless(valueOf(failure)))));
}

function toCsv(rows: string[][]): string {
  return stringify(rows, { quoted: true, quoted_empty: true, record_delimiter: 'windows' });
}

function harmless(cell: string): string {
  return formulaStart.test(cell) ? `'${cell}` : cell;
}

function timestamp(time: Date | undefined): string {
  return time?.toISOString() ?? '';
}

/** `STATE_OPEN` → `open`. */
function word(name: string, prefix: string): string {
  return name.replace(prefix, '').toLowerCase();
}
