import { judgeUserCounts } from './domain/completeness.ts';
import { DirectoryError, problemOf, type Problem } from './domain/directory-error.ts';
import { parseUser, parseUsersPage } from './domain/pages.ts';
import { parseSchemas } from './domain/schemas.ts';
import { forEachConcurrently } from './for-each-concurrently.ts';
import { readPages } from './read-pages.ts';
import { inFencedTransaction, type RunningRead } from './running-read.ts';
import { addProgress } from './store/customers.ts';
import { listUnseenUsers, markDeleted, mergeUsers } from './store/users.ts';

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
  const counts: number[] = [];
  for (;;) {
    counts.push(await listOnce(read));
    const verdict = judgeUserCounts(counts, read.wholeUserCount);
    if (verdict === 'whole') return counts.at(-1);
    if (verdict === 'incomplete') return undefined;
  }
}

async function listOnce(read: RunningRead): Promise<number> {
  const { context, customerId, readNo, lease, directory, schemas } = read;
  let count = 0;
  for await (const { items, sentAt } of readPages((token) => directory.listUsers(schemas, token), parseUsersPage)) {
    const contested = await inFencedTransaction(context, lease, async (tx) => {
      await addProgress(tx, customerId, { users: items.length });
      return mergeUsers(tx, { customerId, readNo, sentAt, by: 'list' }, items);
    });
    await askForEach(read, contested);
    count += items.length;
  }
  return count;
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

/** Asks for one user alone and believes the answer: 404 and 412 mean deleted. */
async function askFor(
  { context, customerId, readNo, lease, directory, schemas }: RunningRead,
  id: string,
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
    const sentAt = err.sentAt!;
    await inFencedTransaction(context, lease, (tx) => markDeleted(tx, { customerId, readNo, sentAt }, id));
  }
}
