-- Service accounts and credentials, sealed (src/domain/sealing.ts); the rest of each row may be shown.

create table delegations (
  customer_id text primary key,
  service_account_email text not null,
  client_id text not null,
  admin_email text not null,
  version bigint not null,
  sealed bytea not null,
  update_time timestamptz not null
);

create table credentials (
  customer_id text not null,
  app_id text not null,
  kind text not null check (kind in ('bearer', 'basic')),
  version bigint not null,
  sealed bytea not null,
  expire_time timestamptz,
  update_time timestamptz not null,
  primary key (customer_id, app_id)
);

-- Who got what: one row at the first issue per caller, resource and version, counts after. Never updated but in its counts.
create table audit (
  caller text not null,
  resource text not null,
  version bigint not null,
  first_issue_time timestamptz not null,
  last_issue_time timestamptz not null,
  issue_count bigint not null,
  primary key (caller, resource, version)
);

-- The checks that fail, or have failed and passed again.
create table checks (
  subject text not null,
  code text not null,
  reason text not null,
  failing boolean not null,
  seq bigint not null,
  publish_time timestamptz not null,
  primary key (subject, code)
);
