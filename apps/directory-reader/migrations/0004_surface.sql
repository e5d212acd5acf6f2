-- The address of a nested group, for explanations; empty: not known, or no group.
alter table members add column member_email text not null default '';

-- Since when Google does not know the group; null: it does.
alter table interests add column missing_since timestamptz;

-- When the list of the users was last whole, and what the last complete read took: for the estimated end of the next.
alter table customers
  add column whole_users_time timestamptz,
  add column complete_users_read bigint not null default 0,
  add column complete_groups_read integer not null default 0,
  add column complete_duration_ms bigint not null default 0;
update customers set whole_users_time = last_complete_time where whole_user_count is not null;
update interests set missing_since = now() where missing;

-- The channels by which Google notifies of changed users (users.watch).
create table watch_channels (
  channel_id text primary key,
  customer_id text collate "C" not null,
  event text not null,
  -- Where Google sends to: a channel of another address is replaced.
  address text not null,
  token_sha256 bytea not null,
  create_time timestamptz not null,
  -- As Google answered; null: it has not answered, or never will.
  resource_id text,
  expire_time timestamptz,
  renew_time timestamptz,
  -- A newer one has taken its place: to be stopped.
  superseded boolean not null default false
);
create index watch_channels_by_customer on watch_channels (customer_id, event);

-- Users to be asked for before the next read: somebody said that they changed.
create table hurried_users (
  customer_id text collate "C" not null,
  user_id text collate "C" not null,
  -- When to ask; null: nothing was said since the last time.
  due_time timestamptz,
  asked_time timestamptz,
  primary key (customer_id, user_id)
);
create index hurried_users_due on hurried_users (due_time) where due_time is not null;
