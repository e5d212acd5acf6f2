-- Groups that are pushed as SCIM Groups: what the service provider accepted, and what is to be pushed.
create table scim_groups (
  customer_id text not null,
  app_id text not null,
  -- As the setup spells it: address or id.
  group_id text not null,
  scim_id text,
  origin text check (origin in ('created', 'adopted')),
  -- As accepted last.
  display_name text,
  accepted_at timestamptz,
  -- A create was begun at this time and its end is not known.
  intent_at timestamptz,
  due_at timestamptz,
  attempt int not null default 0,
  failure_code text,
  failure_reason text,
  failure_detail text,
  outcome_seq bigint not null default 0,
  primary key (customer_id, app_id, group_id)
);
-- One of the service provider's groups stands for one of ours.
create unique index scim_groups_scim_id on scim_groups (customer_id, app_id, scim_id) where scim_id is not null;
create index scim_groups_due on scim_groups (customer_id, app_id, due_at) where due_at is not null;

-- One person in one pushed group: whether they should be its member, and whether the service provider has them.
create table scim_group_members (
  customer_id text not null,
  app_id text not null,
  group_id text not null,
  user_id text not null,
  -- Should be a member, as far as the person goes; the account must be active besides.
  wanted boolean not null,
  -- `sent`: to add or take them out was asked for, and they may be there or not.
  state text not null default 'none' check (state in ('none', 'sent', 'member')),
  -- The account that was sent.
  scim_id text,
  primary key (customer_id, app_id, group_id, user_id)
);
create index scim_group_members_of_user on scim_group_members (customer_id, app_id, user_id);

alter table held_actions drop constraint held_actions_danger_check;
alter table held_actions add constraint held_actions_danger_check
  check (danger in ('access', 'identity', 'clearing', 'membership'));
