-- Apps whose last pass ended with an unexpected error: 12004 is over when there is none.
create table crashes (
  customer_id text not null,
  app_id text not null,
  crash_count int not null default 1,
  primary key (customer_id, app_id)
);
