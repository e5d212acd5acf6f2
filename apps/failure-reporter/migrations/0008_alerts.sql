-- Who has been told that something fails of one cause. Recipients are customers; 'customers/-' is the platform operator.
create table alerts (
  recipient text not null,
  cause_id text not null,
  -- Since when it is known to fail, and since when it fails no more; null: it does.
  open_time timestamptz not null,
  gone_time timestamptz,
  -- When the recipient was told last, and how often; null: never.
  tell_time timestamptz,
  tell_count integer not null default 0,
  -- What the recipient was told last, as the data of a notification.
  told jsonb,
  primary key (recipient, cause_id)
);

-- What is to be sent to webhooks until they acknowledge it. Of one recipient and cause in the order of their ids.
create table notifications (
  id bigint generated always as identity primary key,
  -- `webhook-id`: the same however often it is sent.
  webhook_id text not null unique,
  recipient text not null,
  cause_id text not null,
  body text not null,
  attempt_count integer not null default 0,
  create_time timestamptz not null,
  next_attempt_time timestamptz not null
);
create index notifications_in_order on notifications (recipient, cause_id, id);

-- Of what a recipient is not told, until when, and why.
create table mutes (
  recipient text not null,
  cause_id text not null,
  end_time timestamptz not null,
  note text not null,
  primary key (recipient, cause_id)
);
create index mutes_by_end on mutes (end_time);
