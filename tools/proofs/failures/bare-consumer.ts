// The least that could be done with facts: each batch is parsed and upserted by subject, in one statement, and committed.
import { createKafka, readCloudEvent, runConsumer, topics } from '@autoprov/kafka';
import { connect } from '@autoprov/postgres';
import { createLogger } from '@autoprov/service';

const { DATABASE_ADMIN_URL: url, KAFKA_BROKERS: brokers, KAFKA_TOPIC_PREFIX: topicPrefix = '' } = process.env;
if (!url || !brokers) throw new Error('started by tools/proofs/failures/measure-ingest.ts');
const logger = createLogger({ service: 'bare-consumer', level: 'fatal' });
const pool = connect({ url, schema: 'public', applicationName: 'bare-consumer', logger });
await pool.query(
  `create table if not exists public.bare (subject text primary key, seq bigint not null, fact jsonb not null)`,
);
const kafka = createKafka({ brokers: brokers.split(','), topicPrefix, clientId: 'bare', logger });
const consumer = await runConsumer(kafka, {
  groupId: 'bare',
  topics: [topics.outcomes, topics.checks],
  handle: async ({ topic, records }) => {
    const latest = new Map<string, { subject: string; seq: string; fact: string }>();
    for (const { key, value } of records) {
      const { seq } = readCloudEvent(topic === topics.checks ? 'check' : 'outcome', value!);
      latest.set(key, { subject: key, seq: String(seq), fact: value!.toString() });
    }
    const rows = [...latest.values()];
    await pool.query(
      `insert into public.bare as known (subject, seq, fact)
       select * from unnest($1::text[], $2::bigint[], $3::jsonb[]) as fact (subject, seq, fact) order by subject
       on conflict (subject) do update set seq = excluded.seq, fact = excluded.fact where known.seq < excluded.seq`,
      [rows.map(({ subject }) => subject), rows.map(({ seq }) => seq), rows.map(({ fact }) => fact)],
    );
  },
});
process.once('SIGTERM', () => void consumer.stop().then(() => process.exit(0)));
