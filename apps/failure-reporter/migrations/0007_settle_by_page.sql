-- What a changed setup means for its failures is worked out page by page, each a transaction of its own.
-- The failure after which it is still to be worked out, '' for all of them; null: it is done.
alter table setups add column settle_after text;
create index setups_to_settle on setups (app) where settle_after is not null;

-- Only those that a change of the setup can matter to.
drop index failures_of_app;
create index failures_failing_of_app on failures (app, name)
  where resolve_time is null or state = 'STATE_DISMISSED' or state_reason <> '';

-- A dismissed failure has not ended: it is kept for as long as it fails.
drop index failures_ended;
create index failures_ended on failures (resolve_time) where resolve_time is not null and state <> 'STATE_DISMISSED';
