-- When an authorization was begun: those that were begun after a setup was deleted are of the one that was made since.
alter table authorizations add column begin_time timestamptz not null default clock_timestamp();
