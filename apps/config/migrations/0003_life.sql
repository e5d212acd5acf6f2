-- What setups of a customer take over: canonical JSON of autoprov.config.v1.SetupDefaults; null: nothing.
alter table customers add column setup_defaults jsonb;

-- Another one with each write, and for a customer or an app that is made again under the same id.
alter table customers add column etag uuid not null default gen_random_uuid();
alter table apps add column etag uuid not null default gen_random_uuid();

-- For whom and how each change came about; changes before this release say nothing of it.
alter table setup_revisions
  add column person text not null default '',
  add column changed_paths text[] not null default '{}',
  -- 0: it was no rollback.
  add column rolled_back_to bigint not null default 0;
