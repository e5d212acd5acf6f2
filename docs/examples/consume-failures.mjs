// What fails, read from Kafka with nothing of Autoprov: npm install kafkajs, and Node 20 or newer.
//
//   KAFKA_BROKERS=127.0.0.1:9092 node consume-failures.mjs             every change, for ever
//   KAFKA_BROKERS=127.0.0.1:9092 node consume-failures.mjs --until-end what is open now, then end
//
// KAFKA_TOPIC is the topic's name where the installation has a prefix. Each line of the output is one JSON object.
import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';

const topic = process.env.KAFKA_TOPIC || 'autoprov.failures.v1';
const untilEnd = process.argv.includes('--until-end');
if (!process.env.KAFKA_BROKERS) {
  console.error('KAFKA_BROKERS is not set: "npm start" prints it');
  process.exit(1);
}
const kafka = new kafkajs.Kafka({
  clientId: 'consume-failures',
  brokers: process.env.KAFKA_BROKERS.split(','),
  logLevel: kafkajs.logLevel.ERROR,
});

/** The newest state of each failure, by its name. Keep it in a database to go on where you ended, not from the start. */
const failures = new Map();

/** Whether this is news. Messages come at least once: one that comes again, or late, has no higher seq. */
function remember(name, value) {
  if (value === null) {
    // A tombstone: the failure ended 30 days ago and is forgotten.
    failures.delete(name);
    return false;
  }
  const failure = JSON.parse(value.toString());
  // int64 is a string in proto3 JSON.
  const known = failures.get(name);
  if (known && BigInt(failure.seq) <= BigInt(known.seq)) return false;
  failures.set(name, failure);
  return true;
}

function show(headers, { name, seq, state, code, reason, app, user, title, detail }) {
  // For example autoprov.failure.opened.v1, or …retried, …reopened, …resolved, …superseded, …dismissed.
  const type = headers.ce_type?.toString();
  console.log(JSON.stringify({ type, name, seq, state, code, reason, app, user, title, detail }));
}

/** How far each partition reaches now; those that hold nothing are left out. */
async function findEnds() {
  const admin = kafka.admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const filled = offsets.filter(({ low, high }) => low !== high);
  return new Map(filled.map(({ partition, high }) => [partition, BigInt(high)]));
}

const ends = await findEnds();
let reachEnd;
const endReached = new Promise((resolve) => (reachEnd = resolve));
if (ends.size === 0) reachEnd();

// A group of its own for each run, so that each reads from the beginning. A lasting consumer keeps one name.
const consumer = kafka.consumer({ groupId: `consume-failures-${randomUUID()}` });
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({
  async eachMessage({ partition, message }) {
    const name = message.key.toString();
    if (remember(name, message.value) && !untilEnd) show(message.headers, failures.get(name));
    if (BigInt(message.offset) + 1n >= (ends.get(partition) ?? 0n)) ends.delete(partition);
    if (ends.size === 0) reachEnd();
  },
});

if (untilEnd) {
  await endReached;
  await consumer.disconnect();
  for (const failure of failures.values()) if (failure.state === 'STATE_OPEN') show({}, failure);
}
