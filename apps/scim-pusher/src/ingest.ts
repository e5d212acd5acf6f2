import {
  createPresentHash,
  DirectoryEvent,
  DirectoryUser_State,
  DirectoryUser,
  parseCustomerName,
  parseUserName,
  type ReadCompleted,
} from '@autoprov/proto';
import type { ConsumedBatch } from '@autoprov/kafka';
import { inTransaction, type Db } from '@autoprov/postgres';
import type { PusherContext } from './context.ts';
import { lockCustomer, saveIngestNo, saveReadCompleted } from './store/customers.ts';
import { aliasesOf } from './domain/aliases.ts';
import { wakeCoveredGroups } from './store/groups.ts';
import { eachPresentUser, saveUsers, type UserState } from './store/users.ts';

/**
 * Takes a batch of autoprov.users.v1 into the copy: one transaction a customer, no HTTP. Running it again changes
 * nothing. Throws on what it cannot read: the process ends before the offset is committed.
 */
export async function ingestBatch(ctx: PusherContext, batch: ConsumedBatch): Promise<void> {
  const events = batch.records.flatMap(({ value }) => (value ? [DirectoryEvent.decode(value)] : []));
  for (const [customerId, ofCustomer] of Map.groupBy(events, customerOf)) {
    const resends = await inTransaction(ctx.pool, (tx) => ingest(ctx, tx, customerId, ofCustomer));
    if (resends) askToResend(ctx, customerId);
  }
  ctx.wakeWorkers();
}

function customerOf(event: DirectoryEvent): string {
  const customer = parseCustomerName(event.customer);
  if (!customer) throw new Error(`an event of autoprov.users.v1 names the customer "${event.customer}", which is none`);
  return customer.customerId;
}

/** Whether the copy differs from the mirror after it. */
async function ingest(ctx: PusherContext, tx: Db, customerId: string, events: DirectoryEvent[]): Promise<boolean> {
  const known = await lockCustomer(tx, customerId);
  let ingestNo = known.ingestNo;
  let differs = false;
  let users = new Map<string, UserState>();
  const flush = async () => {
    if (users.size > 0) ingestNo = await saveUsers(tx, customerId, ingestNo, [...users.values()], ctx.now());
    users = new Map();
  };
  for (const { seq, event } of events) {
    if (event?.$case === 'user') keepNewest(users, toState(seq, event.value));
    if (event?.$case !== 'readCompleted') continue;
    await flush();
    await saveReadCompleted(tx, customerId, seq, event.value);
    const covered = event.value.groups.filter((group) => !known.groups.includes(group));
    if (covered.length > 0) await wakeCoveredGroups(tx, customerId, covered, ctx.now());
    if (seq >= known.readSeq) differs = !(await isSame(tx, customerId, event.value));
  }
  await flush();
  await saveIngestNo(tx, customerId, ingestNo);
  if (differs) ctx.logger.warn({ customerId }, 'copy of the directory differs');
  return differs;
}

function toState(seq: bigint, user: DirectoryUser): UserState {
  const name = parseUserName(user.name);
  if (!name) throw new Error('an event of autoprov.users.v1 has a user without a name');
  const deleted = user.state === DirectoryUser_State.STATE_DELETED;
  const document = Buffer.from(DirectoryUser.encode(user).finish());
  const aliases = aliasesOf(user).map((alias) => alias.toLowerCase());
  return { userId: name.userId, seq, primaryEmail: user.primaryEmail, aliases, deleted, document };
}

/** One statement may touch a row once only. */
function keepNewest(users: Map<string, UserState>, state: UserState): void {
  const other = users.get(state.userId);
  if (!other || other.seq < state.seq) users.set(state.userId, state);
}

/** Everything that a read changed came before its ReadCompleted: count and hash must agree now. */
async function isSame(tx: Db, customerId: string, read: ReadCompleted): Promise<boolean> {
  const hash = createPresentHash();
  let count = 0n;
  for await (const { userId, seq } of eachPresentUser(tx, customerId)) {
    hash.add(userId, seq);
    count++;
  }
  return count === read.presentCount && hash.digest() === read.presentHash;
}

/** Not awaited: the reader publishes again, and what it publishes comes by Kafka. */
function askToResend(ctx: PusherContext, customerId: string): void {
  ctx.directory
    .resendUsers({ customer: `customers/${customerId}` }, { timeoutMs: 30_000 })
    .catch((err: unknown) => ctx.logger.warn({ err, customerId }, 'asking to resend users failed'));
}
