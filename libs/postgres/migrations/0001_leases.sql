create table leases (
  name text primary key,
  owner text not null,
  fence bigint not null,
  until timestamptz not null
);
