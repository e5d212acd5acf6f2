import {
  getAppStatusResponse_StateToJSON,
  type Comparison,
  type GetAppCountersResponse,
  type GetAppStatusResponse,
  type GetReadStatusResponse,
} from '@autoprov/proto';
import { callTimeoutMs } from './calls.ts';
import { listApps } from './names.ts';
import type { Services } from './network.ts';
import { formatAge, formatTable, formatWord, printable } from './output.ts';

/** How an app stands, by the three services that know; undefined: that one did not answer. */
export type AppStatus = {
  app: string;
  live: GetAppStatusResponse | undefined;
  counters: GetAppCountersResponse | undefined;
  read: GetReadStatusResponse | undefined;
};

/** Asks the services about all apps of a customer. What they refuse with is told to `onError`, once a call. */
export async function readAppStatuses(
  services: Services,
  customer: string,
  onError: (err: unknown) => void,
): Promise<AppStatus[]> {
  const call = { timeoutMs: callTimeoutMs };
  const orUndefined = <T>(answer: Promise<T>) =>
    answer.catch((err: unknown) => {
      onError(err);
      return undefined;
    });
  const [apps, read] = await Promise.all([
    listApps(services, customer),
    orUndefined(services.directory.getReadStatus({ customer }, call)),
  ]);
  return Promise.all(
    apps.map(async (app) => ({
      app,
      live: await orUndefined(services.push.getAppStatus({ app }, call)),
      counters: await orUndefined(services.failures.getAppCounters({ app }, call)),
      read,
    })),
  );
}

/** One row an app, and a line for each that has something to say. */
export function formatStatuses(statuses: AppStatus[], now: Date): string {
  const table = formatTable(
    ['app', 'state', 'last read', 'pending', 'failing', 'active', 'suspended', 'in 30 days'],
    statuses.map(({ app, live, counters, read }) => [
      shortName(app),
      live ? formatState(live) : 'unknown',
      read?.lastEndTime ? `${formatAge(read.lastEndTime, now)} ago` : '',
      ...[live?.pendingCount, live?.failingCount, live?.activeCount, live?.suspendedCount].map((count) =>
        String(count ?? ''),
      ),
      counters ? formatCounters(counters) : '',
    ]),
  );
  const explained = statuses.filter(({ live }) => live?.explanation);
  const explanations = explained.map(({ app, live }) => `${shortName(app)}: ${printable(live!.explanation)}`);
  const compared = statuses.flatMap(({ app, live }) =>
    live?.comparison ? [`${shortName(app)}: ${formatComparison(live.comparison, now)}`] : [],
  );
  const said = [...explanations, ...compared];
  return said.length > 0 ? [table, '', ...said].join('\n') : table;
}

function formatComparison(comparison: Comparison, now: Date): string {
  const { driftedCount, missingCount, unlinkedCount, orphanCount, complete, explanation } = comparison;
  const counts = complete
    ? `${driftedCount} changed by others, ${missingCount} missing, ${unlinkedCount} unlinked, ${orphanCount} orphans`
    : `${driftedCount} changed by others, and not complete: ${printable(explanation)}`;
  return `compared ${formatAge(comparison.endTime, now)} ago: ${counts}; see "autoprov compare --last"`;
}

/** `customers/acme/apps/crm` → `acme/crm`. */
export function shortName(app: string): string {
  return app.replace(/^customers\//, '').replace('/apps/', '/');
}

/** The state in words. */
export function formatState({ state }: GetAppStatusResponse): string {
  return formatWord(getAppStatusResponse_StateToJSON(state), 'STATE_');
}

function formatCounters({
  created,
  adopted,
  updated,
  suspended,
  reactivated,
  deleted,
  failed,
}: GetAppCountersResponse): string {
  const failedCount = Object.values(failed).reduce((sum, count) => sum + count, 0n);
  const counts = { created, adopted, updated, suspended, reactivated, deleted, failed: failedCount };
  const words = Object.entries(counts).filter(([, count]) => count > 0n);
  return words.map(([word, count]) => `${count} ${word}`).join(', ') || 'nothing done';
}
