-- Messages that say nothing usable: kept to be looked at, while their partition goes on.
create table parked_events (
  topic text not null,
  partition integer not null,
  message_offset bigint not null,
  key text,
  value bytea,
  error text not null,
  park_time timestamptz not null default clock_timestamp(),
  primary key (topic, partition, message_offset)
);
