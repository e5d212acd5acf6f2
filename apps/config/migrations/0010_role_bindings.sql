-- Who may do what, for whom.
create table role_bindings (
  binding_id text collate "C" primary key,
  -- Null: all customers and the installation itself.
  customer_id text collate "C" references customers on delete cascade,
  -- person:{address in lower case} or workload:{name}.
  member text collate "C" not null,
  role text not null check (role in ('viewer', 'operator', 'approver')),
  create_time timestamptz not null
);
create unique index role_bindings_by_member on role_bindings (member, coalesce(customer_id, '-'), role);
create index role_bindings_by_customer on role_bindings ((coalesce(customer_id, '-')), binding_id);
