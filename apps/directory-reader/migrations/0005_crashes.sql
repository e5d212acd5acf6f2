-- Customers whose last read ended with an unexpected error: 12003 is over when there is none.
create table crashes (
  customer_id text collate "C" primary key
);
