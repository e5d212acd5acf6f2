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
