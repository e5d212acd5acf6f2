-- Comparisons of apps with their service providers: the one that goes on and the last that has ended. What is listed is in
-- surveyed_accounts, by comparison_id. Findings are personal data.
create table comparisons (
  customer_id text not null,
  app_id text not null,
  comparison_id uuid not null,
  -- How far the list has come: a comparison gives way to changes, and goes on at the next page.
  begun_at timestamptz,
  start_index int not null default 1,
  page_count int not null default 0,
  account_count int not null default 0,
  char_count float8 not null default 0,
  total_results bigint,
  compared_count int not null default 0,
  unlisted_attributes text[] not null default '{}',
  ended_at timestamptz,
  setup_revision bigint,
  repairs boolean,
  complete boolean,
  explanation text,
  primary key (customer_id, app_id, comparison_id)
);
create unique index comparisons_running on comparisons (customer_id, app_id) where ended_at is null;

create table comparison_findings (
  customer_id text not null,
  app_id text not null,
  comparison_id uuid not null,
  -- In the order in which they are shown: 1 drift, 2 missing, 3 unlinked, 4 orphan.
  kind int not null,
  scim_id text collate "C" not null,
  attribute text collate "C" not null,
  user_id text,
  user_name text not null,
  accepted jsonb,
  found jsonb,
  modified_at timestamptz,
  external_id_origin text,
  repair text check (repair in ('due', 'stopped')),
  primary key (customer_id, app_id, comparison_id, kind, scim_id, attribute),
  foreign key (customer_id, app_id, comparison_id) references comparisons on delete cascade
);

-- Attributes that a comparison had changed back, until one finds them as accepted: changed again, they are left.
create table repaired_attributes (
  customer_id text not null,
  app_id text not null,
  user_id text not null,
  attribute text not null,
  setup_revision bigint not null,
  primary key (customer_id, app_id, user_id, attribute)
);

-- When the next comparison begins by itself.
alter table apps add column compare_at timestamptz;
