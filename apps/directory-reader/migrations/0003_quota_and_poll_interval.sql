-- What may be asked of Google for each customer, over all replicas: a bucket that refills steadily.
create table request_budgets (
  customer_id text collate "C" primary key,
  -- Requests that may be sent now; negative: promised to callers who wait for their turn.
  tokens double precision not null,
  -- From when on the bucket refills; in the future while Google wants to be left alone.
  refilled_at timestamptz not null,
  -- After a refusal for quota: the requests a second that were allowed from slowed_at on. They grow again since.
  slowed_rate double precision,
  slowed_at timestamptz
);

-- Between the last read and the next, as decided at the end of the last; null: none ended yet.
alter table customers add column poll_interval_ms integer;

-- Of groups: no read has tried it yet. It need not wait for the next read of everything.
alter table interests add column unread boolean not null default false;
create index interests_unread on interests (customer_id) where unread;
