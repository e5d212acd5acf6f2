import { addToOutbox, type Db, type HeldLease } from '@autoprov/postgres';
import type { ReaderContext } from './context.ts';
import { toGroupRecord, toReadCompletedRecord, toUserRecord } from './events.ts';
import { inFencedTransaction } from './running-read.ts';
import { endResend, findCustomer, takeCoverageSeq, withdrawUsers, type CustomerRow } from './store/customers.ts';
import { listWholeGroups, takeChangedGroups, withdrawGroups } from './store/interests.ts';
import { hashPresent, isAnyoneUnannounced, takeAllUsers, takeChangedUsers } from './store/users.ts';

const BATCH = 500;

/** What is announced: whose customer, under which lease. */
type Announcement = { context: ReaderContext; customerId: string; lease: HeldLease };

/** Publishes every user who has changed since the last event; after a crash, those that were left over too. */
export async function announceChangedUsers({ context, customerId, lease }: Announcement): Promise<number> {
  for (let count = 0; ;) {
    const taken = await inFencedTransaction(context, lease, async (tx) => {
      const users = await takeChangedUsers(tx, customerId, BATCH);
      await addToOutbox(
        tx,
        users.map((user) => toUserRecord(customerId, user)),
      );
      return users.length;
    });
    context.outbox.wake();
    count += taken;
    if (taken < BATCH) return count;
  }
}

/** Publishes every user again, as it was published last: a copy lost some, or the mirror is an older one, restored. */
export async function announceAllUsers({ context, customerId, lease }: Announcement): Promise<void> {
  // Whoever has changed since is published first, under a new seq: below, state and seq belong together.
  await announceChangedUsers({ context, customerId, lease });
  for (let after = ''; ;) {
    const users = await inFencedTransaction(context, lease, async (tx) => {
      const page = await takeAllUsers(tx, customerId, { after, limit: BATCH });
      // Who still is marked as changed was not seen by the last read: what was announced of them is not known any more.
      const announced = page.filter((user) => !user.changed);
      await addToOutbox(
        tx,
        announced.map((user) => toUserRecord(customerId, user)),
      );
      return page;
    });
    if (users.length < BATCH) break;
    after = users.at(-1)!.id;
  }
  await inFencedTransaction(context, lease, async (tx) => {
    await endResend(tx, customerId);
    await announceCoverage(tx, customerId, { force: true });
  });
  context.outbox.wake();
}

/**
 * Says, before anything else is published, that nothing is covered: the mirror has never been read, was not kept up, or was
 * restored, and what copies know may be newer. Whoever decides by it waits until it has been read whole again.
 */
export async function withdrawCoverage(tx: Db, { customerId, lastEndTime }: CustomerRow): Promise<void> {
  await withdrawGroups(tx, customerId);
  const seq = await withdrawUsers(tx, customerId);
  const { count, hash } = await hashPresent(tx, customerId);
  const nothing = { readNo: 0n, groups: [], schemas: [], completeTime: lastEndTime ?? undefined };
  await addToOutbox(tx, [
    toReadCompletedRecord(customerId, seq, { ...nothing, presentCount: count, presentHash: hash }),
  ]);
}

/**
 * Publishes the groups that changed and, when that or the users' changes or the coverage differ from the last one,
 * ReadCompleted. Not before the users have been read whole: what a copy holds until then is no directory.
 */
export async function announceCoverage(tx: Db, customerId: string, { force }: { force: boolean }): Promise<void> {
  const customer = await findCustomer(tx, customerId);
  if (!customer?.lastEndTime || !customer.usersCovered) return;
  // Everything that a read changed comes before its ReadCompleted: what that covers, copies act upon.
  if (await isAnyoneUnannounced(tx, customerId)) return;
  const changedGroups = await takeChangedGroups(tx, customerId);
  const { count, hash } = await hashPresent(tx, customerId);
  const coverage = { groups: await listWholeGroups(tx, customerId), schemas: customer.wholeSchemas, presentHash: hash };
  const seq = await takeCoverageSeq(tx, customerId, coverage, { force: force || changedGroups.length > 0 });
  if (seq === undefined) return;
  await addToOutbox(tx, [
    ...changedGroups.map((group) => toGroupRecord(customerId, group)),
    toReadCompletedRecord(customerId, seq, {
      ...coverage,
      readNo: customer.lastReadNo,
      presentCount: count,
      completeTime: customer.lastEndTime,
    }),
  ]);
}
