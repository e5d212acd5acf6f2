-- When parts of the directory were not read whole: what Google knew then was not known here.
create table read_gaps (
  customer_id text collate "C" not null,
  -- `users`, or `groups/{group}`.
  part text collate "C" not null,
  -- When the part was last whole before; null: never.
  known_time timestamptz,
  -- The end of the first read without it, and of the first that had it again (null: none yet).
  start_time timestamptz not null,
  end_time timestamptz,
  -- Of the last such read.
  code text not null,
  detail text not null
);
create unique index read_gaps_open on read_gaps (customer_id, part) where end_time is null;
create index read_gaps_by_start on read_gaps (customer_id, start_time);
