-- Ids and names compare by their bytes: the order is a part of ReadCompleted.present_hash.

-- What config last said of each setup, as far as reading goes. Inactive ones stay, so that an older answer is known as such.
create table setups (
  customer_id text collate "C" not null,
  app_id text collate "C" not null,
  revision bigint not null,
  active boolean not null,
  groups text[] not null,
  schemas text[] not null,
  primary key (customer_id, app_id)
);

-- Up to which revision config has been followed: one row.
create table config_cursor (
  single boolean primary key default true check (single),
  revision bigint not null default 0
);
insert into config_cursor default values;

-- How the reading of each customer's directory stands.
create table customers (
  customer_id text collate "C" primary key,
  -- The read that began last, and up to which number reads have been asked for.
  read_no bigint not null default 0,
  requested_read_no bigint not null default 1,
  next_read_time timestamptz not null default 'epoch',
  resend_requested boolean not null default false,
  -- The read under way; start_time is null when none is.
  start_time timestamptz,
  users_read bigint not null default 0,
  groups_read integer not null default 0,
  groups_total integer not null default 0,
  last_read_no bigint not null default 0,
  last_end_time timestamptz,
  last_complete_read_no bigint not null default 0,
  last_complete_time timestamptz,
  incomplete_parts jsonb not null default '[]',
  -- Of the last whole list of the users: its length (null: none yet) and the custom schemas it was read with.
  whole_user_count integer,
  whole_schemas text[] not null default '{}',
  -- The last ReadCompleted; null: none yet.
  announced_seq bigint not null default 0,
  announced_groups text[],
  announced_schemas text[],
  announced_hash text
);

-- The groups, as setups spell them, and the custom schemas that are read.
create table interests (
  customer_id text collate "C" not null,
  kind text not null check (kind in ('group', 'schema')),
  name text collate "C" not null,
  -- Since when no active setup asks for it: it is read for a while yet, see store/interests.ts.
  unwanted_since timestamptz,
  -- Of groups: the last read answered 404; when it was last read whole, nested groups included (null: never).
  missing boolean not null default false,
  whole_time timestamptz,
  -- The last DirectoryGroup event; seq 0: none yet.
  announced_seq bigint not null default 0,
  announced_missing boolean not null default false,
  primary key (customer_id, kind, name)
);

-- The mirror of the directory's users.
create table users (
  customer_id text collate "C" not null,
  id text collate "C" not null,
  primary_email text not null,
  state text not null check (state in ('active', 'suspended', 'archived', 'deleted')),
  org_unit_path text not null,
  attributes jsonb not null,
  -- The groups of interest the user is in, as decided at the end of the last read.
  groups text[] collate "C" not null default '{}',
  -- When the request was sent whose answer this is, and when the last users.get was.
  observed_at timestamptz not null,
  got_at timestamptz,
  seen_read_no bigint not null,
  -- Of the last event (0: none yet), and whether anything that an event says has changed since.
  seq bigint not null default 0,
  changed boolean not null default true,
  primary key (customer_id, id)
) with (fillfactor = 80);
create index users_by_primary_email on users (customer_id, lower(primary_email));
create index users_changed on users (customer_id, id) where changed;

-- The groups whose members are mirrored: those of interest (by their name in lower case) and those nested in them (by id).
create table member_lists (
  customer_id text collate "C" not null,
  group_key text collate "C" not null,
  -- The last read in which the direct members were read whole.
  whole_read_no bigint not null,
  primary key (customer_id, group_key)
);

-- Direct members, as last seen.
create table members (
  customer_id text collate "C" not null,
  group_key text collate "C" not null,
  kind text not null check (kind in ('user', 'group', 'everybody')),
  member_id text collate "C" not null,
  -- Of a nested group: its group_key.
  member_key text collate "C" not null,
  seen_read_no bigint not null,
  primary key (customer_id, group_key, kind, member_id)
) with (fillfactor = 80);

-- Requests sent to Google, by kind.
create table request_counts (
  customer_id text collate "C" not null,
  kind text not null,
  count bigint not null,
  primary key (customer_id, kind)
);

-- The checks that fail, or have failed and passed again.
create table checks (
  subject text collate "C" not null,
  code text not null,
  reason text not null,
  failing boolean not null,
  seq bigint not null,
  publish_time timestamptz not null,
  primary key (subject, code)
);
