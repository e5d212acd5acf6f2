import type { Db } from '@autoprov/postgres';

/** What is to be sent to a webhook. */
export type Notification = {
  id: bigint;
  webhookId: string;
  recipient: string;
  body: string;
  /** How often it was sent in vain. */
  attemptCount: number;
};

/** Keeps what is to be sent from now on; what is kept already is not kept twice. */
export async function addNotification(
  tx: Db,
  { webhookId, recipient, causeId, body }: Pick<Notification, 'webhookId' | 'recipient' | 'body'> & { causeId: string },
  now: Date,
): Promise<void> {
  await tx.query(
    `insert into notifications (webhook_id, recipient, cause_id, body, create_time, next_attempt_time)
     values ($1, $2, $3, $4, $5, $5) on conflict (webhook_id) do nothing`,
    [webhookId, recipient, causeId, body, now],
  );
}

/** What is to be sent now, of each recipient and cause the oldest only, so that an end never comes before its beginning. */
export async function findDueNotifications(db: Db, now: Date, limit: number): Promise<Notification[]> {
  const { rows } = await db.query<Notification>(
    `select id, webhook_id as "webhookId", recipient, body, attempt_count as "attemptCount"
     from (select distinct on (recipient, cause_id) * from notifications order by recipient, cause_id, id) as oldest
     where next_attempt_time <= $1 order by next_attempt_time, id limit $2`,
    [now, limit],
  );
  return rows;
}

export async function deleteNotification(db: Db, id: bigint): Promise<void> {
  await db.query(`delete from notifications where id = $1`, [id]);
}

/** Has one sent again at a time. */
export async function postponeNotification(db: Db, id: bigint, until: Date): Promise<void> {
  await db.query(`update notifications set attempt_count = attempt_count + 1, next_attempt_time = $2 where id = $1`, [
    id,
    until,
  ]);
}

/** When the oldest that is not acknowledged was made; undefined: all are. */
export async function oldestNotificationTime(db: Db): Promise<Date | undefined> {
  const { rows } = await db.query<{ time: Date | null }>(`select min(create_time) as time from notifications`);
  return rows[0]?.time ?? undefined;
}
