-- What was, for whoever asks later: explanations as of a time, timelines, undo. A version is written when another takes its
-- place, so that what never changes costs nothing: it was so from known_at until superseded_at.

alter table users add column known_at timestamptz not null default now();
create table user_versions (
  customer_id text not null,
  user_id text not null,
  known_at timestamptz not null,
  superseded_at timestamptz not null,
  document bytea not null
);
create index user_versions_of_one on user_versions (customer_id, user_id, superseded_at);
create index user_versions_ended on user_versions using brin (superseded_at);

alter table setups add column known_at timestamptz not null default now();
create table setup_versions (
  customer_id text not null,
  app_id text not null,
  known_at timestamptz not null,
  superseded_at timestamptz not null,
  revision bigint not null,
  document bytea,
  scim_profile bytea
);
create index setup_versions_of_one on setup_versions (customer_id, app_id, superseded_at);
create index setup_versions_ended on setup_versions using brin (superseded_at);

-- Accounts that are linked, as accepted, and since when which trigger holds.
alter table accounts add column known_at timestamptz not null default now();
update accounts set known_at = coalesce(accepted_at, known_at);

-- What an undo brings an account back to; in effect while the setup has that revision, and the person has not changed since.
alter table accounts
  add column undo_to jsonb,
  add column undo_revision bigint,
  add column undo_at timestamptz;
-- Who asked for it: accounts are as accepted before `since`.
create table undos (
  customer_id text not null,
  app_id text not null,
  asked_at timestamptz not null,
  since timestamptz not null,
  reason text not null,
  asked_by text not null,
  account_count bigint not null,
  primary key (customer_id, app_id, asked_at)
);

create table account_versions (
  customer_id text not null,
  app_id text not null,
  user_id text not null,
  known_at timestamptz not null,
  superseded_at timestamptz not null,
  scim_id text,
  origin text,
  state text not null,
  accepted jsonb,
  accepted_digest text,
  keeps_external_id boolean not null,
  accepted_at timestamptz,
  trigger text,
  trigger_at timestamptz,
  due_at timestamptz,
  undo_to jsonb,
  undo_revision bigint,
  undo_at timestamptz
);
create index account_versions_of_one on account_versions (customer_id, app_id, user_id, superseded_at);
create index account_versions_ended on account_versions using brin (superseded_at);

-- What was sent for people, and what came of it.
create table attempts (
  customer_id text not null,
  app_id text not null,
  user_id text not null,
  attempted_at timestamptz not null,
  action int not null,
  result int not null,
  code text not null,
  reason text not null,
  detail text not null,
  explanation text not null,
  setup_revision bigint not null,
  next_attempt_at timestamptz
);
create index attempts_of_one on attempts (customer_id, app_id, user_id, attempted_at);
create index attempts_at on attempts using brin (attempted_at);

-- Since when an app fails as a whole for one reason, and the times in which it did.
alter table apps add column down_since timestamptz;
update apps set down_since = now() where health <> 'running';
create table down_times (
  customer_id text not null,
  app_id text not null,
  down_since timestamptz not null,
  superseded_at timestamptz not null,
  code text not null,
  reason text not null,
  detail text not null
);
create index down_times_of_one on down_times (customer_id, app_id, superseded_at);
create index down_times_ended on down_times using brin (superseded_at);

-- Holds that are no more.
create table past_holds (
  parent text not null,
  what text not null,
  reason text not null,
  placed_by text not null,
  placed_at timestamptz not null,
  superseded_at timestamptz not null,
  superseded_by text not null
);
create index past_holds_of_one on past_holds (parent, superseded_at);
create index past_holds_ended on past_holds using brin (superseded_at);

create index held_actions_of_one on held_actions (customer_id, app_id, user_id);

-- People whom somebody waits for: decided before all others.
create table urgent_users (
  customer_id text not null,
  app_id text not null,
  user_id text not null,
  asked_at timestamptz not null default clock_timestamp(),
  primary key (customer_id, app_id, user_id)
);
