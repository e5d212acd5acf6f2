-- Deleted setups whose access the token broker has not yet been told to withdraw. Written with the deletion, removed once
-- the broker has acknowledged, or when there is a new setup. Rows outlive their app.
create table pending_revocations (
  -- So that what was done about one deletion never settles a later one of the same app.
  revocation_id bigint generated always as identity primary key,
  customer_id text collate "C" not null,
  app_id text collate "C" not null,
  create_time timestamptz not null,
  unique (customer_id, app_id)
);
