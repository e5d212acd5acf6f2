-- What the guard holds back until somebody approves it, what it let go, and what people have stopped.

alter table apps
  -- Numbers of held actions and of their ends, given under this row's lock.
  add column held_no bigint not null default 0,
  -- A hold kept removals back: when it has ended, everybody is decided again.
  add column removals_kept_back boolean not null default false;

-- One dangerous change of one person. A row never changes but for its approval and its end: when the decision becomes
-- another, it ends, and a new row is held. So a number says which rows somebody saw who approves.
create table held_actions (
  customer_id text not null,
  app_id text not null,
  held_no bigint not null,
  user_id text not null,
  danger text not null check (danger in ('access', 'identity', 'clearing')),
  action text not null,
  changes jsonb not null,
  digest text not null,
  explanation text not null,
  setup_revision bigint not null,
  protected boolean not null,
  held_at timestamptz not null,
  approval_no bigint,
  end_no bigint,
  ended_at timestamptz,
  end_reason text check (end_reason in ('applied', 'changed', 'returned', 'setup_changed')),
  primary key (customer_id, app_id, held_no)
);
create unique index held_actions_open on held_actions (customer_id, app_id, user_id, danger) where end_no is null;
create index held_actions_ended on held_actions (customer_id, app_id, ended_at) where end_no is not null;

-- Who approved which rows, and when.
create table approvals (
  customer_id text not null,
  app_id text not null,
  approval_no bigint not null,
  approval_hash text not null,
  setup_revision bigint not null,
  approved_by text not null,
  approved_at timestamptz not null,
  approved_count bigint not null,
  dropped_count bigint not null,
  -- Its people have been made due; done by whoever holds the app's lease.
  woken boolean not null default false,
  primary key (customer_id, app_id, approval_no)
);

-- Dangerous changes that a service provider has accepted: those without an approval are what the guard's window counts.
create table guarded_changes (
  customer_id text not null,
  app_id text not null,
  user_id text not null,
  danger text not null,
  accepted_at timestamptz not null,
  held_no bigint
);
create index guarded_changes_accepted on guarded_changes (customer_id, app_id, accepted_at);

-- What people have stopped: of an app, of a customer (customers/{customer}) or everywhere (customers/-).
create table holds (
  parent text not null,
  what text not null check (what in ('removals', 'writes')),
  reason text not null,
  placed_by text not null,
  placed_at timestamptz not null,
  primary key (parent, what)
);
