-- What people and the end of setups make of a failure that goes on failing, and why things fail.
alter table failures
  -- Why it is superseded although it was not repaired: SETUP_DELETED, APP_REMOVED.
  add column state_reason text not null default '',
  add column note text not null default '',
  -- The same for failures with the same cause; '': of before this migration, until it fails again or its setup changes.
  add column cause_id text not null default '';
-- What is open, or would be if its setup were there: looked through when config tells of a change of the app.
create index failures_of_app on failures (app, name) where app <> '';
-- A page of the list costs a page, whatever it is filtered by.
create index failures_by_app on failures (app, state, open_time desc, name desc) where app <> '';
create index failures_by_user on failures (user_name, state, open_time desc, name desc) where user_name <> '';
create index failures_by_code on failures (code, reason, state, open_time desc, name desc);
create index failures_by_reason on failures (reason, state, open_time desc, name desc);
create index failures_by_cause on failures (cause_id, state, open_time desc, name desc);

-- The last that config told of the setup of each app.
create table setups (
  app text primary key,
  revision bigint not null,
  -- '': it is there; or why it is not: SETUP_DELETED, APP_REMOVED.
  ended text not null,
  -- When it was created; null: it is not there.
  create_time timestamptz,
  -- The template, or the host of the endpoint of an app of no product's.
  origin text not null
);

-- How far config has been followed.
create table setup_feed (
  only_row boolean primary key default true check (only_row),
  since_revision bigint not null default 0
);
insert into setup_feed default values;

-- What a person last said of a failure. It may be known before the failure is, when topics are read again.
create table judgements (
  failure text primary key,
  seq bigint not null,
  dismissed boolean not null,
  note text not null,
  judge_time timestamptz not null
);
create index judgements_by_time on judgements (judge_time);
