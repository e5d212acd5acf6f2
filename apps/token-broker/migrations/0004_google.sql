-- A service account and a Google customer belong to one customer.

do $$
declare
  shared text;
begin
  select string_agg(distinct customer_id, ', ') into shared
  from delegations d
  where exists (
    select from delegations other
    where other.customer_id <> d.customer_id
      and (other.client_id = d.client_id or lower(other.service_account_email) = lower(d.service_account_email))
  );
  if shared is not null then
    raise exception 'the customers % share a service account: delete the delegations of all but one, then migrate again', shared;
  end if;
end
$$;

-- Null: no key is stored, Google's IAM signs.
alter table delegations alter column sealed drop not null;

alter table delegations
  -- The directory that it reads, as Google answered first; every later answer must be the same.
  add column google_customer_id text,
  -- The version for which that answer is confirmed; null or an older one: no token is given out before a check passes.
  add column confirmed_version bigint,
  -- The last check that Google answered, and when the next is due.
  add column check_time timestamptz,
  add column next_check_time timestamptz not null default 'epoch';

create unique index delegations_service_account_email on delegations (lower(service_account_email));
create unique index delegations_client_id on delegations (client_id);
create unique index delegations_google_customer_id on delegations (google_customer_id);
create index delegations_by_next_check on delegations (next_check_time) where google_customer_id is not null;

-- Who was refused what, and why: as audit, which old replicas write by its key, and which therefore keeps it.
create table audit_refusals (
  caller text not null,
  resource text not null,
  version bigint not null,
  reason text not null,
  first_time timestamptz not null,
  last_time timestamptz not null,
  count bigint not null,
  primary key (caller, resource, version, reason)
);
revoke delete on audit_refusals from autoprov_token_broker;
