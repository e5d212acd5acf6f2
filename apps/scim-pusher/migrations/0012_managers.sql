-- Which accounts name another one as the manager's: asked whenever an account is deleted. Hashed, for a service provider may
-- answer an id of any length.
create index accounts_managers on accounts using gin (jsonb_path_query_array(accepted, '$.*.manager.value') jsonb_path_ops)
  where state in ('active', 'suspended');

-- A manager may be named by another address. In lower case; of users announced before, empty until they are announced again.
alter table users add column aliases text[] not null default '{}';
create index users_aliases on users using gin (aliases) with (fastupdate = off);
