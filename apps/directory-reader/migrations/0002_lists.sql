-- How far the lists of the read under way have come, so that whoever goes on with it after a crash begins where it broke
-- off. A row moves in the transaction that merges its page; the end of the read deletes them.
create table lists (
  customer_id text collate "C" not null,
  -- `users`, `deleted users`, `groups/{group_key}`, or `groups/{group_key} again`.
  part text collate "C" not null,
  read_no bigint not null,
  -- Of users: the custom schemas they are listed with.
  schemas text[] not null default '{}',
  -- How each list of this part that came to its end was: the number of users on it; for groups whether it had members.
  ended text[] not null default '{}',
  -- Of the list under way: how much of it is merged, and the token of the page to ask for next (null: the first).
  items bigint not null default 0,
  page_token text,
  primary key (customer_id, part)
);

alter table customers
  -- The last step of the read under way.
  add column step_time timestamptz,
  -- Whether the users have been read whole since copies were last told that nothing is covered.
  add column users_covered boolean not null default false,
  -- Whether copies may know memberships that the mirror never heard of: it was not kept up, or restored, and no read has been
  -- complete since.
  add column memberships_unknown boolean not null default false,
  -- Whether a copy may hold people whose deletion the mirror missed: it was found to differ.
  add column deletions_unknown boolean not null default false;
update customers set users_covered = whole_user_count is not null;
