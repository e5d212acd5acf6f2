import { DirectoryUser } from '@autoprov/proto';
import type { Db } from '@autoprov/postgres';

/** A user's whole state as the reader announced it. */
export type UserState = {
  userId: string;
  seq: bigint;
  primaryEmail: string;
  /** Other addresses, in lower case. */
  aliases: string[];
  deleted: boolean;
  document: Buffer;
};

/**
 * Stores users that are newer than what is known, in one statement, and gives each the customer's next ingest_no. To be
 * called under the customer's row lock.
 *
 * @returns the customer's ingest_no after it
 */
export async function saveUsers(
  tx: Db,
  customerId: string,
  ingestNo: bigint,
  states: readonly UserState[],
  now: Date,
): Promise<bigint> {
  const { rows } = await tx.query<{ ingestNo: bigint | null }>(
    `with given as (
       select * from unnest($3::text[], $4::bigint[], $5::text[], $6::boolean[], $7::bytea[], $9::jsonb[])
         as given (user_id, seq, primary_email, deleted, document, aliases)
     ), newer as (
       select given.*, row_number() over (order by given.seq) as n
       from given left join users on users.customer_id = $1 and users.user_id = given.user_id
       where users.seq is null or users.seq < given.seq
     ), superseded as (
       insert into user_versions (customer_id, user_id, known_at, superseded_at, document)
       select $1, users.user_id, users.known_at, $8, users.document
       from users join newer on users.customer_id = $1 and users.user_id = newer.user_id
       where users.document <> newer.document
     ), saved as (
       insert into users as known (customer_id, user_id, seq, ingest_no, primary_email, aliases, deleted, document, known_at)
       select $1, user_id, seq, $2 + n, primary_email, array(select jsonb_array_elements_text(newer.aliases)), deleted,
         document, $8 from newer
       on conflict (customer_id, user_id) do update
         set seq = excluded.seq, ingest_no = excluded.ingest_no, primary_email = excluded.primary_email, aliases = excluded.aliases,
             deleted = excluded.deleted, document = excluded.document,
             known_at = case when known.document <> excluded.document then excluded.known_at else known.known_at end
       returning ingest_no
     )
     select max(ingest_no) as "ingestNo" from saved`,
    [
      customerId,
      ingestNo,
      states.map((state) => state.userId),
      states.map((state) => state.seq),
      states.map((state) => state.primaryEmail),
      states.map((state) => state.deleted),
      states.map((state) => state.document),
      now,
      states.map((state) => JSON.stringify(state.aliases)),
    ],
  );
  return rows[0]?.ingestNo ?? ingestNo;
}

/** The next users after a cursor and up to a number, in the order they were stored. */
export async function listUsersAfter(db: Db, customerId: string, cursorNo: bigint, horizonNo: bigint, limit: number) {
  const { rows } = await db.query<{ userId: string; ingestNo: bigint }>(
    `select user_id as "userId", ingest_no as "ingestNo" from users
     where customer_id = $1 and ingest_no > $2 and ingest_no <= $3 order by ingest_no limit $4`,
    [customerId, cursorNo, horizonNo, limit],
  );
  return rows;
}

/** A page of all users, by id. */
export async function listUsersById(
  db: Db,
  customerId: string,
  afterUserId: string,
  limit: number,
): Promise<DirectoryUser[]> {
  const { rows } = await db.query<{ document: Buffer }>(
    `select document from users where customer_id = $1 and user_id > $2 order by user_id limit $3`,
    [customerId, afterUserId, limit],
  );
  return rows.map((row) => DirectoryUser.decode(row.document));
}

/** Users by id. */
export async function findUsers(db: Db, customerId: string, userIds: readonly string[]): Promise<DirectoryUser[]> {
  const { rows } = await db.query<{ document: Buffer }>(
    `select document from users where customer_id = $1 and user_id = any($2)`,
    [customerId, userIds],
  );
  return rows.map((row) => DirectoryUser.decode(row.document));
}

/** The seq of each of some users; unknown ones are left out. */
export async function findUserSeqs(
  db: Db,
  customerId: string,
  userIds: readonly string[],
): Promise<Map<string, bigint>> {
  const { rows } = await db.query<{ userId: string; seq: bigint }>(
    `select user_id as "userId", seq from users where customer_id = $1 and user_id = any($2)`,
    [customerId, userIds],
  );
  return new Map(rows.map(({ userId, seq }) => [userId, seq]));
}

/**
 * The ids of the users that addresses or ids name; unknown ones are left out. A primary address comes before an alias. Somebody
 * who was deleted counts while nobody else has the address: the account may be there still.
 */
export async function findUserIds(
  db: Db,
  customerId: string,
  references: readonly string[],
): Promise<Map<string, string>> {
  const { rows } = await db.query<Named & { reference: string }>(
    `select distinct on (reference) reference, user_id as "userId", deleted from unnest($2::text[]) as reference
     join users on customer_id = $1 and (lower(primary_email) = lower(reference) or user_id = reference)
     order by reference, deleted`,
    [customerId, references],
  );
  const named = new Map<string, Named>(rows.map((row) => [row.reference, row]));
  const unsettled = references.filter((reference) => named.get(reference)?.deleted ?? true);
  const byAlias = await findByAlias(db, customerId, unsettled);
  for (const reference of unsettled) {
    const other = byAlias.get(reference.toLowerCase());
    if (other && (!other.deleted || !named.has(reference))) named.set(reference, other);
  }
  return new Map([...named].map(([reference, { userId }]) => [reference, userId]));
}

type Named = { userId: string; deleted: boolean };

async function findByAlias(db: Db, customerId: string, references: readonly string[]): Promise<Map<string, Named>> {
  if (references.length === 0) return new Map();
  const { rows } = await db.query<Named & { alias: string }>(
    `select distinct on (alias) alias, user_id as "userId", deleted from (
       select unnest(aliases) as alias, user_id, deleted from users where customer_id = $1 and aliases && $2::text[]
     ) as named where alias = any($2) order by alias, deleted`,
    [customerId, references.map((reference) => reference.toLowerCase())],
  );
  return new Map(rows.map((row) => [row.alias, row]));
}

/** Every existing user's id and seq by id, in pages: what the hash of a ReadCompleted is computed over. */
export async function* eachPresentUser(db: Db, customerId: string): AsyncGenerator<{ userId: string; seq: bigint }> {
  let after = '';
  for (;;) {
    const { rows } = await db.query<{ userId: string; seq: bigint }>(
      `select user_id as "userId", seq from users
       where customer_id = $1 and not deleted and user_id collate "C" > $2 order by user_id collate "C" limit 5000`,
      [customerId, after],
    );
    yield* rows;
    const last = rows.at(-1);
    if (!last) return;
    after = last.userId;
  }
}
