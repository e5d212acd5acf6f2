-- The seq of the last ReadCompleted: the numbers of reads begin again when a mirror is restored or lost, seq does not.
alter table customers add column read_seq bigint not null default 0;
