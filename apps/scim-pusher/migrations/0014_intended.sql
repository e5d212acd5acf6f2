-- What was sent with the create whose end is not known: the person may have another address by the time it is looked up.
alter table accounts add column intended jsonb;
