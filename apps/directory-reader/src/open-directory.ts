import type { HeldLease } from '@autoprov/postgres';
import type { ReaderContext } from './context.ts';
import { createDirectoryClient } from './directory-client.ts';
import { getDirectoryToken } from './get-directory-token.ts';
import type { RunningRead } from './running-read.ts';
import { createDatabaseClock } from './store/database-clock.ts';
import { countRequest } from './store/request-counts.ts';

/** Google's directory of a customer, for as long as the lease is held and the service does not stop. */
export async function openDirectory(
  context: ReaderContext,
  customerId: string,
  lease: HeldLease,
  stopping: AbortSignal,
): Promise<Pick<RunningRead, 'directory' | 'requestsSent'>> {
  const { pool, logger, googleRootUrl: rootUrl, retryBudgetMs } = context;
  let count = 0;
  const directory = createDirectoryClient({
    rootUrl,
    retryBudgetMs,
    logger,
    budget: context.budgetOf(customerId),
    getToken: ({ forceNew }) => getDirectoryToken(context, customerId, { forceNew }),
    countRequest: (kind) => {
      count++;
      return countRequest(pool, customerId, kind);
    },
    now: await createDatabaseClock(pool),
    signal: AbortSignal.any([lease.lost, stopping]),
  });
  return { directory, requestsSent: () => count };
}
