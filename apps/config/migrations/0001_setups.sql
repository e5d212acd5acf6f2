-- Ids compare by their bytes, so that pages have one order everywhere.

create table customers (
  customer_id text collate "C" primary key,
  display_name text not null,
  create_time timestamptz not null
);

create table apps (
  customer_id text collate "C" not null references customers,
  app_id text collate "C" not null,
  display_name text not null,
  template text not null,
  create_time timestamptz not null,
  primary key (customer_id, app_id)
);

-- The last number taken: one row. A transaction takes the next one under this row's lock and holds it until its commit,
-- so that numbers become visible in their order and whoever reads "all after n" never skips one.
create table revision_counter (
  single boolean primary key default true check (single),
  n bigint not null default 0
);
insert into revision_counter default values;

-- The last change of each app. The row outlives its setup and its app, so that followers learn that they are gone.
create table setups (
  customer_id text collate "C" not null,
  app_id text collate "C" not null,
  revision bigint not null unique,
  -- Canonical JSON of autoprov.config.v1.ProvisioningSetup; null: there is no setup.
  document jsonb,
  -- Canonical JSON of autoprov.config.v1.ScimProfile, as the template had it when the setup was made; null with it.
  scim_profile jsonb,
  app_removed boolean not null,
  primary key (customer_id, app_id)
);

-- Every change of every setup; written once, never changed.
create table setup_revisions (
  revision bigint primary key,
  customer_id text collate "C" not null,
  app_id text collate "C" not null,
  document jsonb,
  caller text not null,
  create_time timestamptz not null
);
create index setup_revisions_by_app on setup_revisions (customer_id, app_id, revision);
revoke update, delete on setup_revisions from autoprov_config;

-- What was answered to requests with a request_id, for a day.
create table answers (
  caller text not null,
  request_id uuid not null,
  -- sha256 over the method and the whole request.
  request_digest bytea not null,
  response bytea not null,
  create_time timestamptz not null,
  primary key (caller, request_id)
);
create index answers_by_create_time on answers (create_time);
