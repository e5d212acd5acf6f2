import type { HeldLease } from '@autoprov/postgres';
import { announceChangedUsers, announceCoverage, withdrawCoverage } from './announce.ts';
import type { ReaderContext } from './context.ts';
import { createDirectoryClient } from './directory-client.ts';
import { checksOfRead } from './domain/checks.ts';
import type { Problem } from './domain/directory-error.ts';
import { getDirectoryToken } from './get-directory-token.ts';
import { readGroups, type GroupsResult } from './read-groups.ts';
import { readUsers, type UsersResult } from './read-users.ts';
import { reportChecks } from './report-checks.ts';
import { inFencedTransaction, type RunningRead } from './running-read.ts';
import { createDatabaseClock } from './store/database-clock.ts';
import { beginRead } from './store/begin-read.ts';
import { endRead } from './store/customers.ts';
import { listInterests, purgeInterests, recordGroupResults } from './store/interests.ts';
import { deleteUnreached, settleGroups } from './store/members.ts';
import { countRequest } from './store/request-counts.ts';
import { listActiveApps } from './store/setups.ts';

/** After trouble that passes by itself; after other trouble somebody must act first. */
const RETRY_AFTER_MS = 60_000;
/** While the token broker is silent Google is not asked at all: trying again costs nothing. */
const RETRY_BROKER_AFTER_MS = 5_000;
const PASSING_REASONS = new Set([
  'DIRECTORY_UNAVAILABLE',
  'UNUSABLE_ANSWER',
  'TOKEN_BROKER_UNAVAILABLE',
  'TOKEN_ENDPOINT_UNAVAILABLE',
]);

/**
 * Reads a customer's directory, if that is due, into the mirror and announces what changed. Where it crashes nothing is
 * lost: whoever comes next goes on from the last page that was merged, or reads anew when that was too long ago.
 *
 * @param stopping ends the read when aborted
 */
export async function readCustomer(
  context: ReaderContext,
  customerId: string,
  lease: HeldLease,
  stopping: AbortSignal,
): Promise<void> {
  const read = await begin(context, customerId, lease, stopping);
  if (!read) return;
  const users = await readUsers(read);
  const groups = await readGroups(read);
  await inFencedTransaction(context, lease, async (tx) => {
    await settleGroups(tx, customerId, groups.whole);
    await deleteUnreached(tx, customerId);
  });
  const changed = await announceChangedUsers(read);
  const incomplete = await end(read, users, groups);
  context.outbox.wake();
  context.logger.info({ customerId, readNo: read.readNo, changed, incomplete }, 'directory read');
}

async function begin(
  context: ReaderContext,
  customerId: string,
  lease: HeldLease,
  stopping: AbortSignal,
): Promise<RunningRead | undefined> {
  const { pool, logger, now, googleRootUrl: rootUrl, retryBudgetMs } = context;
  const begun = await inFencedTransaction(context, lease, async (tx) => {
    await purgeInterests(tx, customerId, now());
    const interests = await listInterests(tx, customerId);
    const beginning = await beginRead(tx, customerId, { now: now(), schemas: interests.schemas });
    if (!beginning) return undefined;
    if (beginning.isBehind) await withdrawCoverage(tx, beginning.customer);
    return { customer: beginning.customer, interests };
  });
  if (!begun) return undefined;
  const directory = createDirectoryClient({
    rootUrl,
    retryBudgetMs,
    logger,
    budget: context.budgetOf(customerId),
    getToken: ({ forceNew }) => getDirectoryToken(context, customerId, { forceNew }),
    countRequest: (kind) => countRequest(pool, customerId, kind),
    now: await createDatabaseClock(pool),
    signal: AbortSignal.any([lease.lost, stopping]),
  });
  const { readNo, wholeUserCount, deletionsUnknown, membershipsUnknown } = begun.customer;
  return {
    context,
    customerId,
    readNo,
    lease,
    directory,
    wholeUserCount: wholeUserCount ?? undefined,
    deletionsUnknown,
    membershipsUnknown,
    ...begun.interests,
  };
}

/** Stores and publishes how a read ended; answers the parts that are not whole. */
async function end(read: RunningRead, users: UsersResult, groups: GroupsResult): Promise<string[]> {
  const { context, customerId, readNo, lease } = read;
  const endTime = context.now();
  const usersProblem = 'problem' in users ? users.problem : undefined;
  const problems: [string, Problem][] = [...groups.problems].map(([name, problem]) => [`groups/${name}`, problem]);
  if (usersProblem) problems.unshift(['users', usersProblem]);
  const passing = problems.some(([, { reason }]) => PASSING_REASONS.has(reason));
  const brokerSilent = problems.some(([, { reason }]) => reason === 'TOKEN_BROKER_UNAVAILABLE');
  const retryMs = brokerSilent ? RETRY_BROKER_AFTER_MS : RETRY_AFTER_MS;
  const waitMs = passing ? Math.min(retryMs, context.pollIntervalMs) : context.pollIntervalMs;
  const nextReadTime = new Date(endTime.getTime() + waitMs);
  const missing = [...groups.problems].filter(([, { code }]) => code === '50005').map(([name]) => name);

  await inFencedTransaction(context, lease, async (tx) => {
    await recordGroupResults(tx, customerId, { whole: groups.whole, missing, endTime });
    await endRead(tx, customerId, {
      readNo,
      endTime,
      nextReadTime,
      incompleteParts: problems.map(([part, { code, detail }]) => ({ part, code, detail })),
      wholeUsers: 'count' in users ? users : undefined,
    });
    await announceCoverage(tx, context, customerId, { force: false });
    const apps = await listActiveApps(tx, customerId);
    const checks = checksOfRead({ customerId, usersProblem, groupProblems: groups.problems, apps });
    await reportChecks(tx, context, checks, nextReadTime);
  });
  return problems.map(([part]) => part);
}
