-- The latest state of every failure, open or ended in the last 30 days.
create table failures (
  name text primary key,
  seq bigint not null,
  -- Names of the enums of autoprov.event.v1, as in the topic's JSON.
  state text not null,
  scope text not null,
  customer text not null,
  app text not null,
  user_name text not null,
  primary_email text not null default '',
  source text not null,
  subject text not null,
  action text not null,
  code text not null,
  reason text not null,
  detail text not null,
  http_status integer not null,
  scim_type text not null,
  retryable boolean not null,
  attempt integer not null,
  next_attempt_time timestamptz,
  open_time timestamptz not null,
  update_time timestamptz not null,
  resolve_time timestamptz,
  trace_id text not null,
  -- What the topic holds of it: nothing yet, or this seq and state. It is due for publication while seq is higher.
  published_seq bigint not null default 0,
  published_state text,
  -- When the directory is asked again for an address it could not be asked for; null: not.
  email_retry_time timestamptz
);
create index failures_by_subject on failures (source, subject);
create index failures_by_open_time on failures (state, open_time desc, name desc);
create index failures_by_customer on failures (customer, state, open_time desc, name desc);
create index failures_to_publish on failures (update_time) where published_seq < seq;
create index failures_without_email on failures (email_retry_time) where email_retry_time is not null;
create index failures_ended on failures (resolve_time) where resolve_time is not null;
