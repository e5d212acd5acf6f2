-- What each pass asks of the guard, and columns that nobody reads; no release has had them.

create index accounts_active on accounts (customer_id, app_id) where state = 'active';
create index approvals_new on approvals (customer_id, app_id) where not woken;

-- Approved changes do not count: they are no longer stored.
delete from guarded_changes where held_no is not null;
alter table guarded_changes drop column held_no;
alter table approvals drop column setup_revision;
