import type { Db } from '@autoprov/postgres';
import type { Alert, FailingCause } from '../domain/alert.ts';

/** An alert, with what its recipient was told last, as JSON. */
export type StoredAlert = Alert & { told: object | null };

/** Every cause with open failures. Failures of before causes were kept have none. */
export async function findFailingCauses(db: Db): Promise<FailingCause[]> {
  const { rows } = await db.query<FailingCause>(
    `select cause_id as "causeId", array_agg(customer order by customer) as customers
     from (select cause_id, customer from failures where state = 'STATE_OPEN' and cause_id <> ''
           group by cause_id, customer) as failing
     group by cause_id order by cause_id`,
  );
  return rows;
}

export async function findAlerts(db: Db): Promise<StoredAlert[]> {
  const { rows } = await db.query<
    Omit<StoredAlert, 'goneTime' | 'tellTime'> & { goneTime: Date | null; tellTime: Date | null }
  >(
    `select recipient, cause_id as "causeId", open_time as "openTime", gone_time as "goneTime", tell_time as "tellTime",
       tell_count as "tellCount", told from alerts`,
  );
  return rows.map((row) => ({ ...row, goneTime: row.goneTime ?? undefined, tellTime: row.tellTime ?? undefined }));
}

export async function saveAlert(tx: Db, alert: StoredAlert): Promise<void> {
  const { recipient, causeId, openTime, goneTime, tellTime, tellCount, told } = alert;
  await tx.query(
    `insert into alerts (recipient, cause_id, open_time, gone_time, tell_time, tell_count, told)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (recipient, cause_id) do update set
       gone_time = excluded.gone_time, tell_time = excluded.tell_time, tell_count = excluded.tell_count,
       told = excluded.told`,
    [recipient, causeId, openTime, goneTime ?? null, tellTime ?? null, tellCount, told && JSON.stringify(told)],
  );
}

export async function deleteAlert(tx: Db, { recipient, causeId }: Pick<Alert, 'recipient' | 'causeId'>): Promise<void> {
  await tx.query(`delete from alerts where recipient = $1 and cause_id = $2`, [recipient, causeId]);
}

/** Forgets what was told, and was to be told, to those who have no webhook any more. */
export async function keepRecipients(tx: Db, recipients: string[]): Promise<void> {
  await tx.query(`delete from alerts where recipient <> all($1)`, [recipients]);
  await tx.query(`delete from notifications where recipient <> all($1)`, [recipients]);
}
