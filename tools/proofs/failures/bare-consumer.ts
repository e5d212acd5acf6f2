// The least that keeps the tables of the failure reporter: a batch is parsed, its seqs, failures and counts are upserted in
// one transaction, and committed. It reads nothing, decides nothing, looks up no setup or dismissal, and publishes nothing.
import { createKafka, readCloudEvent, runConsumer, topics, type ConsumedBatch } from '@autoprov/kafka';
import { connect, inTransaction, type Db } from '@autoprov/postgres';
import { Outcome_Result } from '@autoprov/proto';
import { createLogger } from '@autoprov/service';

const { DATABASE_ADMIN_URL: url, KAFKA_BROKERS: brokers, KAFKA_TOPIC_PREFIX: topicPrefix = '' } = process.env;
if (!url || !brokers) throw new Error('started by tools/proofs/failures/measure-ingest.ts');
const logger = createLogger({ service: 'bare-consumer', level: 'error' });
const pool = connect({ url, schema: 'bare', applicationName: 'bare-consumer', logger });
await pool.query('create schema if not exists bare');
for (const table of ['subjects', 'failures', 'counters']) {
  await pool.query(`create table if not exists bare.${table} (like failure_reporter.${table} including all)`);
}
const kafka = createKafka({ brokers: brokers.split(','), topicPrefix, clientId: 'bare', logger });
const consumer = await runConsumer(kafka, {
  groupId: 'bare',
  topics: [topics.outcomes, topics.checks],
  handle: async (batch) => {
    const facts = readFacts(batch);
    await inTransaction(pool, (tx) => upsert(tx, facts));
  },
});
process.once('SIGTERM', () => void consumer.stop().then(() => process.exit(0)));

type Fact = {
  subject: string;
  seq: string;
  app: string;
  failed: boolean;
  isCheck: boolean;
  occurTime: Date;
  code: string;
  reason: string;
  detail: string;
};

function readFacts({ topic, records }: ConsumedBatch): Fact[] {
  return records.map(({ key, value }) => {
    if (topic === topics.checks) {
      const { passed, seq, occurTime, subject, code, reason, detail } = readCloudEvent('check', value!);
      const known = { subject, app: subject, code, reason, detail, seq: String(seq), occurTime: occurTime! };
      return { ...known, failed: !passed, isCheck: true };
    }
    const { result, seq, occurTime, app, code, reason, detail } = readCloudEvent('outcome', value!);
    const known = { subject: key, app, code, reason, detail, seq: String(seq), occurTime: occurTime! };
    return { ...known, failed: result === Outcome_Result.RESULT_FAILED, isCheck: false };
  });
}

async function upsert(tx: Db, facts: Fact[]): Promise<void> {
  const latest = [...new Map(facts.map((fact) => [fact.subject, fact])).values()];
  await tx.query(
    `insert into subjects as known (source, subject, about, seq, seen_time)
     select 'bare', subject, '', seq, time from unnest($1::text[], $2::bigint[], $3::timestamptz[]) as fact (subject, seq, time)
     order by subject
     on conflict (source, subject, about) do update set seq = excluded.seq, seen_time = excluded.seen_time
       where known.seq < excluded.seq`,
    [latest.map(({ subject }) => subject), latest.map(({ seq }) => seq), latest.map(({ occurTime }) => occurTime)],
  );
  await tx.query(
    `insert into failures (name, seq, state, scope, customer, app, user_name, source, subject, action, code, reason, detail,
       http_status, scim_type, retryable, attempt, open_time, update_time, resolve_time, trace_id)
     select subject || code, seq, case when failed then 'STATE_OPEN' else 'STATE_RESOLVED' end, 'SCOPE_RESOURCE', '', app, subject,
       'bare', subject, 'ACTION_CREATE', code, reason, detail, 409, '', false, 1, "occurTime", "occurTime",
       case when not failed then "occurTime" end, ''
     from jsonb_to_recordset($1) as fact (subject text, seq bigint, app text, failed boolean, code text, reason text,
       detail text, "occurTime" timestamptz) order by subject
     on conflict (name) do update set seq = excluded.seq, state = excluded.state, detail = excluded.detail,
       update_time = excluded.update_time, resolve_time = excluded.resolve_time`,
    [JSON.stringify(latest.filter(({ isCheck, failed }) => isCheck || failed))],
  );
  const pushes = facts.filter(({ isCheck }) => !isCheck);
  await tx.query(
    `insert into counters as known (app, hour, action, result, code, count)
     select app, date_trunc('hour', time, 'UTC'), 'ACTION_CREATE', failed::text, code, count(*)
     from unnest($1::text[], $2::timestamptz[], $3::boolean[], $4::text[]) as fact (app, time, failed, code)
     group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
     on conflict (app, hour, action, result, code) do update set count = known.count + excluded.count`,
    [
      pushes.map(({ app }) => app),
      pushes.map(({ occurTime }) => occurTime),
      pushes.map(({ failed }) => failed),
      pushes.map(({ code }) => code),
    ],
  );
}
