import type { Db } from '@autoprov/postgres';

/** A channel as it is asked for. */
export type NewChannel = {
  channelId: string;
  customerId: string;
  event: string;
  address: string;
  /** Of the token that Google sends along. */
  tokenSha256: Buffer;
  createTime: Date;
};

/** What a notification is compared with. */
export type KnownChannel = { customerId: string; tokenSha256: Buffer };

/** A channel that Google knows and that is not needed. */
export type ChannelToStop = { channelId: string; customerId: string; resourceId: string };

/** A channel that is to be opened. */
export type MissingChannel = { customerId: string; event: string };

/** Without an answer for so long, there will be none: the process that asked has died. */
const UNANSWERED_MINUTES = 10;

/** The events of customers with an active setup for which no channel lasts, or only one that leads to another address. */
export async function listMissingChannels(
  db: Db,
  { events, address, now }: { events: readonly string[]; address: string; now: Date },
): Promise<MissingChannel[]> {
  const { rows } = await db.query<MissingChannel>(
    `select customer_id as "customerId", event
     from (select distinct customer_id from setups where active) s cross join unnest($1::text[]) as event
     where not exists (select from watch_channels c
                       where c.customer_id = s.customer_id and c.event = event.event and c.address = $2
                         and not c.superseded and c.renew_time > $3)
     order by customer_id, event`,
    [events, address, now],
  );
  return rows;
}

/** Stores a channel before Google is asked for it: its first notification may come before the answer. */
export async function insertChannel(db: Db, channel: NewChannel): Promise<void> {
  const { channelId, customerId, event, address, tokenSha256, createTime } = channel;
  await db.query(
    `insert into watch_channels (channel_id, customer_id, event, address, token_sha256, create_time)
     values ($1, $2, $3, $4, $5, $6)`,
    [channelId, customerId, event, address, tokenSha256, createTime],
  );
}

/** Stores Google's answer; channels that were there for the same event are superseded. */
export async function confirmChannel(
  db: Db,
  channelId: string,
  { resourceId, expireTime, renewTime }: { resourceId: string; expireTime: Date; renewTime: Date },
): Promise<void> {
  await db.query(
    `with confirmed as (
       update watch_channels set resource_id = $2, expire_time = $3, renew_time = $4 where channel_id = $1
       returning customer_id, event
     )
     update watch_channels c set superseded = true from confirmed
     where c.customer_id = confirmed.customer_id and c.event = confirmed.event and c.channel_id <> $1`,
    [channelId, resourceId, expireTime, renewTime],
  );
}

/** The channel of a notification. */
export async function findChannel(db: Db, channelId: string): Promise<KnownChannel | undefined> {
  const { rows } = await db.query<KnownChannel>(
    `select customer_id as "customerId", token_sha256 as "tokenSha256" from watch_channels where channel_id = $1`,
    [channelId],
  );
  return rows[0];
}

/** Channels that another has taken the place of, or whose customer has no active setup any more. */
export async function listChannelsToStop(db: Db): Promise<ChannelToStop[]> {
  const { rows } = await db.query<ChannelToStop>(
    `select channel_id as "channelId", customer_id as "customerId", resource_id as "resourceId" from watch_channels c
     where resource_id is not null
       and (superseded or not exists (select from setups s where s.customer_id = c.customer_id and s.active))`,
  );
  return rows;
}

/** Forgets a channel. */
export async function deleteChannel(db: Db, channelId: string): Promise<void> {
  await db.query(`delete from watch_channels where channel_id = $1`, [channelId]);
}

/** Forgets channels that have ended, and those that Google never answered for. */
export async function deleteEndedChannels(db: Db, now: Date): Promise<void> {
  await db.query(
    `delete from watch_channels
     where expire_time <= $1 or (expire_time is null and create_time < $1::timestamptz - $2 * interval '1 minute')`,
    [now, UNANSWERED_MINUTES],
  );
}

/** How many channels notify now. */
export async function countOpenChannels(db: Db, now: Date): Promise<number> {
  const { rows } = await db.query<{ count: bigint }>(
    `select count(*) as count from watch_channels where not superseded and expire_time > $1`,
    [now],
  );
  return Number(rows[0]!.count);
}
