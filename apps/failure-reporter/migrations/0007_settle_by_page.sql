-- What a changed setup means for its failures is worked out page by page, each a transaction of its own: whether that is
-- still to be done, and after which failure; null: from the first.
alter table setups
  add column unsettled boolean not null default false,
  add column settled_open_time timestamptz,
  add column settled_name text;
create index setups_to_settle on setups (app) where unsettled;

-- A dismissed failure has not ended: it is kept for as long as it fails.
drop index failures_ended;
create index failures_ended on failures (resolve_time) where resolve_time is not null and state <> 'STATE_DISMISSED';

-- Every index is written with each failure. failures_by_app gives the pages of an app, too.
drop index failures_of_app;
-- In the order of a page, also where the reason is not asked for; with it, failures_by_reason is as good.
drop index failures_by_code;
create index failures_by_code on failures (code, state, open_time desc, name desc);
create index failures_by_action on failures (action, state, open_time desc, name desc);
