create table outbox (
  id bigint generated always as identity primary key,
  topic text not null,
  partition_key text not null,
  key text not null,
  value bytea,
  headers jsonb not null,
  create_time timestamptz not null default clock_timestamp()
) with (
  -- Every row is soon deleted: vacuum by number of dead rows, not by share, so that reading from the front stays cheap.
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 10000
);
