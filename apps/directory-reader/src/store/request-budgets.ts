import type { Db } from '@autoprov/postgres';

/** What is allowed of a customer's budget while Google does not complain. */
export type Allowance = { requestsPerMinute: number };

/** So many seconds’ requests may be sent at once after a pause: a usual read does not wait at all. Not while slowed down. */
const BURST_SECONDS = 60;
const BURST_SECONDS_SLOWED = 1;
/** A refusal halves the rate, down to this share of the allowance; it grows back by 1/600 of the allowance a second. */
const SLOWEST_SHARE = 1 / 60;
const SECONDS_TO_GROW = 600;

/** The requests a second that are allowed now; $2 is the allowance in requests a second. */
const RATE = `least($2::float8, coalesce(
  b.slowed_rate + $2::float8 / ${SECONDS_TO_GROW} * extract(epoch from clock_timestamp() - b.slowed_at)::float8, $2::float8))`;

/** A place in the queue of a customer's requests. */
export type Turn = {
  /** When it was given, by the database's clock. */
  takenAt: Date;
  /** From now on; 0: send at once. */
  waitMs: number;
};

/**
 * Takes one request out of a customer's budget, and says how long to wait before it is sent. It is taken before the wait:
 * whoever comes next, on any replica, waits behind it.
 */
export async function takeRequest(db: Db, customerId: string, { requestsPerMinute }: Allowance): Promise<Turn> {
  const { rows } = await db.query<Turn>(
    `insert into request_budgets as b (customer_id, tokens, refilled_at)
     values ($1, greatest(1, $2::float8 * ${BURST_SECONDS}) - 1, clock_timestamp())
     on conflict (customer_id) do update
       set tokens = least(
             greatest(1, ${RATE} * case when ${RATE} < $2 then ${BURST_SECONDS_SLOWED} else ${BURST_SECONDS} end),
             b.tokens + ${RATE} * greatest(0, extract(epoch from clock_timestamp() - b.refilled_at)::float8)
           ) - 1,
           refilled_at = greatest(b.refilled_at, clock_timestamp())
     returning clock_timestamp() as "takenAt", 1000 * (
       greatest(0, extract(epoch from b.refilled_at - clock_timestamp())::float8) + greatest(0, -b.tokens) / ${RATE}
     ) as "waitMs"`,
    [customerId, requestsPerMinute / 60],
  );
  return rows[0]!;
}

/** Puts back what was taken for a request that is not sent after all. */
export async function giveBack(db: Db, customerId: string): Promise<void> {
  await db.query(`update request_budgets set tokens = tokens + 1 where customer_id = $1`, [customerId]);
}

/** For how many milliseconds from now nobody may send for the customer; 0: the budget is open. */
export async function findPauseMs(db: Db, customerId: string): Promise<number> {
  const { rows } = await db.query<{ pauseMs: number }>(
    `select 1000 * greatest(0, extract(epoch from refilled_at - clock_timestamp())::float8) as "pauseMs"
     from request_budgets where customer_id = $1`,
    [customerId],
  );
  return rows[0]?.pauseMs ?? 0;
}

/**
 * Google refused a request for quota: nobody sends for `pauseMs`, and then half as often as before. Requests that had
 * their turn before the last slow-down slow down no further: many that were under way are refused at once.
 */
export async function slowDown(
  db: Db,
  customerId: string,
  { requestsPerMinute, takenAt, pauseMs }: Allowance & { takenAt: Date; pauseMs: number },
): Promise<void> {
  await db.query(
    `update request_budgets b
     set slowed_rate = case when b.slowed_at >= $3 then b.slowed_rate
                            else greatest($2::float8 * ${SLOWEST_SHARE}, ${RATE} / 2) end,
         slowed_at = case when b.slowed_at >= $3 then b.slowed_at else clock_timestamp() end,
         tokens = least(b.tokens, 0),
         refilled_at = greatest(b.refilled_at, clock_timestamp() + $4 * interval '1 millisecond')
     where customer_id = $1`,
    [customerId, requestsPerMinute / 60, takenAt, pauseMs],
  );
}

/** The requests a minute that are allowed for a customer now. */
export async function findRequestsPerMinute(
  db: Db,
  customerId: string,
  { requestsPerMinute }: Allowance,
): Promise<number> {
  const { rows } = await db.query<{ perSecond: number }>(
    `select ${RATE} as "perSecond" from request_budgets b where customer_id = $1`,
    [customerId, requestsPerMinute / 60],
  );
  return rows[0] ? rows[0].perSecond * 60 : requestsPerMinute;
}
