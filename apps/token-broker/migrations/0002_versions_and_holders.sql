-- A number for every secret that is stored, never used again, not even after a deletion: secrets are sealed for it, and
-- tokens in memory and audit rows are told apart by it.
create sequence secret_versions;
select setval(
  'secret_versions',
  greatest(
    1,
    (select max(version) from delegations),
    (select max(version) from credentials),
    (select max(version) from audit)
  )
);

revoke delete on audit from autoprov_token_broker;

-- Whom a check fails for now: the customer or app. One of the whole installation passes again when it fails for nobody.
create table check_holders (
  holder text not null,
  subject text not null,
  code text not null,
  primary key (holder, subject, code),
  foreign key (subject, code) references checks
);
create index check_holders_by_check on check_holders (subject, code);

-- A check that failed before holders were known belongs to its subject.
insert into check_holders (holder, subject, code)
select subject, subject, code from checks where failing and subject <> 'installation';
update checks set failing = false where subject = 'installation';
