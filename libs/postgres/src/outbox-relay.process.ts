// A relay in a process of its own, for outbox-relay.test.ts to kill and freeze. It publishes into the table `published`.
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from './connect.ts';
import { runOutboxRelay } from './outbox-relay.ts';

const pool = connect({
  url: process.argv[2]!,
  schema: 'outbox',
  applicationName: 'relay process',
  logger: console,
  max: 4,
});

runOutboxRelay({
  pool,
  name: 'relay process',
  logger: console,
  pollMs: 20,
  batch: 20,
  leaseMs: 300,
  async publish(records) {
    process.send!('publishing');
    await sleep(Math.random() * 10);
    await pool.query(`insert into published (key, seq) select * from unnest($1::text[], $2::bigint[])`, [
      records.map(({ key }) => key),
      records.map(({ headers }) => headers['seq']),
    ]);
    await sleep(Math.random() * 10);
  },
});
