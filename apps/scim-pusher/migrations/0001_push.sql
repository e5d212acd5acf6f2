-- What the pusher needs of other services, and what it alone knows: accounts, intents, retries, timers.

-- How far ListSetupChanges has been followed, and when config answered last.
create table setup_feed (
  only_row boolean primary key default true check (only_row),
  since_revision bigint not null default 0,
  answered_at timestamptz not null default now()
);
insert into setup_feed default values;

-- The setups as config last said; document is null when the setup is deleted.
create table setups (
  customer_id text not null,
  app_id text not null,
  revision bigint not null,
  document bytea,
  scim_profile bytea,
  active boolean not null,
  app_removed boolean not null default false,
  primary key (customer_id, app_id)
);

-- ingest_no grows under this row's lock, so that no app's cursor can skip a number that commits late.
create table customers (
  customer_id text primary key,
  ingest_no bigint not null default 0,
  read_no bigint not null default 0,
  read_complete_at timestamptz,
  covered_groups text[] not null default '{}',
  covered_schemas text[] not null default '{}'
);

-- The copy of the mirror: whole states of autoprov.users.v1 (autoprov.event.v1.DirectoryUser).
create table users (
  customer_id text not null,
  user_id text not null,
  seq bigint not null,
  ingest_no bigint not null,
  primary_email text not null,
  deleted boolean not null,
  document bytea not null,
  primary key (customer_id, user_id)
);
create unique index users_ingest_no on users (customer_id, ingest_no);
create index users_primary_email on users (customer_id, lower(primary_email));

-- The work state of one app: everything up to cursor_no has been decided with cursor_revision.
create table apps (
  customer_id text not null,
  app_id text not null,
  cursor_no bigint not null default 0,
  cursor_revision bigint not null default 0,
  health text not null default 'running' check (health in ('running', 'backing_off', 'quarantined')),
  health_code text,
  health_reason text,
  health_detail text,
  back_off_attempt int not null default 0,
  back_off_until timestamptz,
  check_seq bigint not null default 0,
  list_state text not null default 'wanted' check (list_state in ('wanted', 'held', 'used')),
  patch_supported boolean,
  proven_writes jsonb not null default '{}',
  request_counts jsonb not null default '{}',
  primary key (customer_id, app_id)
);

-- What the service provider's list held before the first sync, to match without a look-up a person; emptied after it.
create table listed_accounts (
  customer_id text not null,
  app_id text not null,
  scim_id text not null,
  user_name text not null,
  external_id text,
  emails text[] not null,
  resource jsonb not null,
  primary key (customer_id, app_id, scim_id)
);
create index listed_accounts_user_name on listed_accounts (customer_id, app_id, lower(user_name));
create index listed_accounts_external_id on listed_accounts (customer_id, app_id, external_id);
create index listed_accounts_emails on listed_accounts using gin (emails);

-- One person in one app: only where there is an account, an intent, a retry, a timer or a failure.
create table accounts (
  customer_id text not null,
  app_id text not null,
  user_id text not null,
  scim_id text,
  origin text check (origin in ('created', 'adopted')),
  state text not null default 'none' check (state in ('none', 'active', 'suspended', 'deleted')),
  accepted jsonb,
  accepted_digest text,
  accepted_before jsonb,
  keeps_external_id boolean not null default false,
  accepted_revision bigint,
  accepted_at timestamptz,
  intent_at timestamptz,
  trigger text,
  trigger_at timestamptz,
  parked text[] not null default '{}',
  due_at timestamptz,
  attempt int not null default 0,
  failure_code text,
  failure_reason text,
  failure_detail text,
  outcome_seq bigint not null default 0,
  primary key (customer_id, app_id, user_id)
);
-- An account linked to one person is never handed to another.
create unique index accounts_scim_id on accounts (customer_id, app_id, scim_id) where state in ('active', 'suspended');
create index accounts_due on accounts (customer_id, app_id, due_at) where due_at is not null;
create index accounts_parked on accounts using gin (parked) where parked <> '{}';
