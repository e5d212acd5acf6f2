-- When the next request, and the next write, may be sent: whoever has the lease next keeps to the same rate. When the app
-- was served last: who waits longest comes first.
alter table apps
  add column next_request_at timestamptz,
  add column next_write_at timestamptz,
  add column passed_at timestamptz;
