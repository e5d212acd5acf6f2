-- OAuth towards service providers, a second bearer token during a rotation, and what is to be withdrawn.

alter table credentials drop constraint credentials_kind_check;
alter table credentials
  add constraint credentials_kind_check check (kind in ('bearer', 'basic', 'oauth_code', 'oauth_client_credentials')),
  -- The OAuth client's id; empty for other kinds.
  add column client_id text not null default '',
  -- The version of the bearer token that the service provider refused last, and when that was said.
  add column refused_version bigint,
  add column refused_time timestamptz,
  -- Why the service provider gives no tokens any more, a finer reason of 17009: nobody asks it again.
  add column reauthorize_reason text,
  -- The token endpoint asked to be left alone until then.
  add column token_retry_time timestamptz;

-- The bearer token before the stored one, kept for a rotation without a gap. Sealed as it was.
create table previous_credentials (
  customer_id text not null,
  app_id text not null,
  kind text not null check (kind = 'bearer'),
  version bigint not null,
  sealed bytea not null,
  expire_time timestamptz,
  primary key (customer_id, app_id),
  foreign key (customer_id, app_id) references credentials on delete cascade
);

-- The tokens of an OAuth credential; replicas share them. Each renewal has a version of its own.
create table oauth_tokens (
  customer_id text not null,
  app_id text not null,
  version bigint not null,
  sealed bytea not null,
  make_time timestamptz not null,
  -- When the access token ends; null: the service provider does not say.
  expire_time timestamptz,
  -- A refresh was begun, and how it ended was not stored: the refresh token may be used up.
  refresh_start_time timestamptz,
  primary key (customer_id, app_id),
  foreign key (customer_id, app_id) references credentials on delete cascade
);

-- OAuth authorizations that were begun, by the hash of their state. A row goes with its first use.
create table authorizations (
  state_hash bytea primary key,
  customer_id text not null,
  app_id text not null,
  -- The workload that began it, and the person it acted for; empty: not known.
  caller text not null,
  person text not null default '',
  redirect_uri text not null,
  version bigint not null,
  sealed bytea not null,
  expire_time timestamptz not null
);
create index authorizations_by_app on authorizations (customer_id, app_id);
create index authorizations_by_end on authorizations (expire_time);

-- What is to be withdrawn still. A row goes when it is done, and its token with it.
create table revocations (
  id bigint generated always as identity primary key,
  customer_id text not null,
  app_id text not null,
  kind text not null check (kind in ('app_token', 'delegation')),
  version bigint not null,
  -- The client and its tokens; null for a delegation.
  sealed bytea,
  -- The service account's client id; empty for tokens.
  client_id text not null default '',
  create_time timestamptz not null,
  next_attempt_time timestamptz not null,
  attempts int not null default 0,
  message text not null default ''
);
create index revocations_by_app on revocations (customer_id, app_id);
create index revocations_by_attempt on revocations (next_attempt_time);
create unique index revocations_one_delegation on revocations (customer_id) where kind = 'delegation';
