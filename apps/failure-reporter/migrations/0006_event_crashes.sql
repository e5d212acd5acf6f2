-- How often taking in a message has crashed. It outlives the process, so that one message does not end it for ever.
create table event_crashes (
  topic text not null,
  partition integer not null,
  message_offset bigint not null,
  crash_count integer not null,
  crash_time timestamptz not null default clock_timestamp(),
  primary key (topic, partition, message_offset)
);
