import { inTransaction } from '@autoprov/postgres';
import { runLoop, type Loop } from '@autoprov/service';
import { askDirectory } from '../ask-directory.ts';
import type { ReaderContext } from '../context.ts';
import { DirectoryError } from '../domain/directory-error.ts';
import { forEachConcurrently } from '../for-each-concurrently.ts';
import { readUserNow } from '../read-user-now.ts';
import { findCustomer, requestRead, type CustomerRow } from '../store/customers.ts';
import { createDatabaseClock } from '../store/database-clock.ts';
import { countHurried, dropHurried, hurryUser, takeHurried } from '../store/hurried-users.ts';

const LOOK_EVERY_MS = 1_000;
const BATCH = 50;
const CONCURRENT_CUSTOMERS = 4;
const CONCURRENT_GETS = 8;
const REQUEST_TIMEOUT_MS = 15_000;
const USERS_PER_PAGE = 500;
/** So many are always asked for one by one, however little a whole read costs. */
const ALONE_MIN = 50;

/**
 * Asks for users who are said to have changed, one by one and before the next read, and announces what is new. Every
 * replica does so, also beside a read: an answer is merged as that of each users.get is, in turns with what the read announces.
 */
export function runHurriedReads(context: ReaderContext): Loop {
  return runLoop({
    name: 'hurried reads',
    everyMs: LOOK_EVERY_MS,
    logger: context.logger,
    run: async (stopping) => {
      const due = await countHurried(context.pool, context.now());
      await forEachConcurrently(due, CONCURRENT_CUSTOMERS, async ({ customerId, count }) => {
        const customer = await findCustomer(context.pool, customerId);
        if (!customer || customer.wholeUserCount === null || isCheaperWhole(customer, count)) {
          await readWhole(context, customerId);
        } else {
          await readAlone(context, customer, stopping);
        }
      });
    },
  });
}

/** Whether a whole read costs fewer requests than asking for so many users. Before the first one there is no mirror. */
function isCheaperWhole({ completeUsersRead, completeGroupsRead }: CustomerRow, count: number): boolean {
  const requests = Number(completeUsersRead) / USERS_PER_PAGE + completeGroupsRead;
  return count > Math.max(ALONE_MIN, requests);
}

async function readWhole(context: ReaderContext, customerId: string): Promise<void> {
  const { pool, now } = context;
  await inTransaction(pool, async (tx) => {
    await dropHurried(tx, customerId, now());
    await requestRead(tx, customerId);
  });
  context.wakeReads();
}

async function readAlone(context: ReaderContext, customer: CustomerRow, stopping: AbortSignal): Promise<void> {
  const { pool, now, logger } = context;
  const { customerId } = customer;
  const deadline = new Date(Date.now() + REQUEST_TIMEOUT_MS);
  const clock = await createDatabaseClock(pool);
  const how = { countAs: 'hurried' as const, now: clock };
  const directory = askDirectory(context, customerId, { signal: stopping, deadline }, how);
  const userIds = await takeHurried(pool, customerId, now(), BATCH);
  await forEachConcurrently(userIds, CONCURRENT_GETS, async (userId) => {
    try {
      await readUserNow(context, customer, directory, userId);
    } catch (err) {
      if (stopping.aborted) return;
      if (!(err instanceof DirectoryError)) throw err;
      // What passes is worth another try; the next read sees the rest.
      if (err.kind === 'unavailable') await hurryUser(pool, customerId, userId, now());
      logger.warn({ customerId, problem: err.message }, 'a hurried read failed');
    }
  });
}
