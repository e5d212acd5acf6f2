// Reads a topic from its beginning to its present end and prints a JSON object for each message. It knows nothing of
// Autoprov: what it can read, any consumer can.
//
//   node plain-consumer.mjs <brokers> <topic>
import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';

const [brokers, topic] = process.argv.slice(2);
const kafka = new kafkajs.Kafka({ brokers: brokers.split(','), logLevel: kafkajs.logLevel.ERROR });

const admin = kafka.admin();
await admin.connect();
const ends = await admin.fetchTopicOffsets(topic);
await admin.disconnect();
const waiting = new Map(ends.filter(({ low, high }) => low !== high).map((end) => [end.partition, BigInt(end.high)]));

// A consumer that is ended while it still joins its group may wait for ever: where there is nothing to read, none is made.
if (waiting.size > 0) await readToEnds();

async function readToEnds() {
  const consumer = kafka.consumer({ groupId: `plain-consumer-${randomUUID()}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let reachEnds;
  const endsReached = new Promise((resolve) => (reachEnds = resolve));
  await consumer.run({
    eachMessage: async ({ partition, message: { key, headers, value, offset } }) => {
      const texts = Object.entries(headers).map(([name, bytes]) => [name, bytes.toString()]);
      const message = { key: key?.toString(), headers: Object.fromEntries(texts), value: value?.toString() ?? null };
      console.log(JSON.stringify(message));
      if (BigInt(offset) + 1n >= waiting.get(partition)) waiting.delete(partition);
      if (waiting.size === 0) reachEnds();
    },
  });
  await endsReached;
  await consumer.disconnect();
}
