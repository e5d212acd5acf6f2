-- What a service provider listed for an adoption report, while that report is made: scratch, so it is not logged. Personal data.
create unlogged table surveyed_accounts (
  survey_id uuid not null,
  customer_id text not null,
  app_id text not null,
  scim_id text not null,
  user_name text not null,
  external_id text,
  emails text[] not null,
  resource jsonb not null,
  -- People in scope whom it matches.
  match_count integer not null default 0,
  surveyed_at timestamptz not null default clock_timestamp(),
  primary key (survey_id, scim_id)
);
create index surveyed_accounts_user_name on surveyed_accounts (survey_id, lower(user_name));
create index surveyed_accounts_external_id on surveyed_accounts (survey_id, external_id);
create index surveyed_accounts_emails on surveyed_accounts using gin (emails);
