import { judgeUserCounts } from './domain/completeness.ts';
import { DirectoryError, problemOf, type Problem } from './domain/directory-error.ts';
import { parseDeletedUsersPage, parseUser, parseUsersPage, type ObservedUser } from './domain/pages.ts';
import { parseSchemas } from './domain/schemas.ts';
import { forEachConcurrently } from './for-each-concurrently.ts';
import { readPages } from './read-pages.ts';
import { inFencedTransaction, type RunningRead } from './running-read.ts';
import { addProgress, endUnknownDeletions } from './store/customers.ts';
import { DELETED_USERS, findList, moveList, progressAfter, USERS } from './store/lists.ts';
import { insertDeleted, listUnseenUsers, markDeleted, mergeUsers } from './store/users.ts';

const CONCURRENT_GETS = 8;
const UNSEEN_BATCH = 500;

/** How the users' part of a read ended: whole, with the length of the list, or with a problem. */
export type UsersResult = { count: number; schemas: string[] } | { problem: Problem };

/** Reads all users into the mirror, and asks for those who are missing from the list one by one. */
export async function readUsers(read: RunningRead): Promise<UsersResult> {
  try {
    return await readWith(read).catch(async (err: unknown) => {
      const schemas = await findUsableSchemas(read, err);
      return readWith({ ...read, schemas });
    });
  } catch (err) {
    if (err instanceof DirectoryError) return { problem: problemOf(err, 'users') };
    throw err;
  }
}

async function readWith(read: RunningRead): Promise<UsersResult> {
  if (read.deletionsUnknown) await readDeletions(read);
  const count = await listWholly(read);
  if (count === undefined) {
    throw new DirectoryError(
      'unusable',
      'users.list answered twice with far fewer users than before, and not with as many',
    );
  }
  await confirmMissing(read);
  return { count, schemas: read.schemas };
}

/** Without the schemas that Google does not know: one of them makes it reject the whole list. Throws `err` if none is. */
async function findUsableSchemas({ directory, schemas }: RunningRead, err: unknown): Promise<string[]> {
  if (!(err instanceof DirectoryError) || err.kind !== 'rejected' || schemas.length === 0) throw err;
  const { body } = await directory.listSchemas();
  const existing = new Set(parseSchemas(body).map((schema) => schema.schemaName));
  const usable = schemas.filter((name) => existing.has(name));
  if (usable.length === schemas.length) throw err;
  return usable;
}

/** Lists the users, twice when the first list is doubtful; undefined when it stays so. */
async function listWholly(read: RunningRead): Promise<number | undefined> {
  for (;;) {
    const { ended } = await findList(read.context.pool, { ...read, part: USERS });
    const counts = ended.map(Number);
    const verdict = counts.length === 0 ? 'read-again' : judgeUserCounts(counts, read.wholeUserCount);
    if (verdict === 'whole') return counts.at(-1);
    if (verdict === 'incomplete') return undefined;
    await listOnce(read);
  }
}

/** Lists the users to the end, from where a read that broke off had come to. */
async function listOnce(read: RunningRead): Promise<void> {
  const { context, customerId, readNo, lease, directory, schemas } = read;
  const list = { customerId, readNo, part: USERS };
  const { ended, items, pageToken } = await findList(context.pool, list);
  let count = items;
  for await (const page of readPages((token) => directory.listUsers(schemas, token), parseUsersPage, pageToken)) {
    count = page.items.length + (page.isFirst ? 0 : count);
    const contested = await inFencedTransaction(context, lease, async (tx) => {
      await addProgress(tx, customerId, { users: page.items.length });
      await moveList(tx, list, progressAfter(page, { ended, items: count, how: String(count) }));
      return mergeUsers(tx, { customerId, readNo, sentAt: page.sentAt, by: 'list' }, page.items);
    });
    await askForEach(read, contested);
  }
}

/**
 * Announces the deleted users of the last 20 days, known to the mirror or not: a copy may still hold them. Each is asked
 * for alone, as everybody who is missing.
 */
async function readDeletions(read: RunningRead): Promise<void> {
  const { context, customerId, readNo, lease, directory } = read;
  const list = { customerId, readNo, part: DELETED_USERS };
  const { ended, pageToken } = await findList(context.pool, list);
  if (ended.length > 0) return;
  const fetch = (token: string | undefined) => directory.listDeletedUsers(token);
  for await (const page of readPages(fetch, parseDeletedUsersPage, pageToken)) {
    await forEachConcurrently(page.items, CONCURRENT_GETS, (user) => askFor(read, user.id, user));
    await inFencedTransaction(context, lease, async (tx) => {
      await moveList(tx, list, progressAfter(page, { ended, items: 0, how: 'listed' }));
      if (page.nextPageToken === undefined) await endUnknownDeletions(tx, customerId);
    });
  }
}

async function confirmMissing(read: RunningRead): Promise<void> {
  const { context, customerId, readNo } = read;
  for (let after = ''; ;) {
    const ids = await listUnseenUsers(context.pool, customerId, readNo, { after, limit: UNSEEN_BATCH });
    await askForEach(read, ids);
    if (ids.length < UNSEEN_BATCH) return;
    after = ids.at(-1)!;
  }
}

async function askForEach(read: RunningRead, ids: string[]): Promise<void> {
  await forEachConcurrently(ids, CONCURRENT_GETS, (id) => askFor(read, id));
}

/**
 * Asks for one user alone and believes the answer: 404 and 412 mean deleted.
 *
 * @param deleted who it is, if that is to be announced even when the mirror knows nobody of that id
 */
async function askFor(
  { context, customerId, readNo, lease, directory, schemas }: RunningRead,
  id: string,
  deleted?: ObservedUser,
): Promise<void> {
  try {
    const { body, sentAt } = await directory.getUser(id, schemas);
    const user = parseUser(body);
    if (user.id !== id) throw new DirectoryError('unusable', 'users.get answered with another user than was asked for');
    await inFencedTransaction(context, lease, (tx) =>
      mergeUsers(tx, { customerId, readNo, sentAt, by: 'get' }, [user]),
    );
  } catch (err) {
    if (!(err instanceof DirectoryError) || err.kind !== 'not-found') throw err;
    const observation = { customerId, readNo, sentAt: err.sentAt! };
    await inFencedTransaction(context, lease, async (tx) => {
      if (deleted) await insertDeleted(tx, observation, deleted);
      await markDeleted(tx, observation, id);
    });
  }
}
