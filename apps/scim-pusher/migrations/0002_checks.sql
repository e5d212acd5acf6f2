-- The checks about the whole installation that fail, or have failed and passed again.
create table checks (
  subject text collate "C" not null,
  code text not null,
  reason text not null,
  failing boolean not null,
  seq bigint not null,
  publish_time timestamptz not null,
  primary key (subject, code)
);
