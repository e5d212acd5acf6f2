-- How many pushes ended how, by hour of their event time.
create table counters (
  app text not null,
  hour timestamptz not null,
  action text not null,
  result text not null,
  code text not null,
  count bigint not null,
  primary key (app, hour, action, result, code)
);
create index counters_by_hour on counters (hour);
