-- The highest seq seen of each source and subject, by the code a check is about; '' for outcomes and for checks about all
-- codes of their subject. Kept longer than the topics keep their messages, so that nothing is ever counted twice.
create table subjects (
  source text not null,
  subject text not null,
  about text not null,
  seq bigint not null,
  seen_time timestamptz not null,
  primary key (source, subject, about)
);
create index subjects_by_seen_time on subjects (seen_time);
