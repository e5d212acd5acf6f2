-- When a write to the account was begun whose end is not known: what is there may not be what was accepted last. Until now
-- this was said by an account without a digest, and for deletes only.
alter table accounts add column write_begun_at timestamptz;
update accounts set write_begun_at = now() where accepted_digest is null and state in ('active', 'suspended');
