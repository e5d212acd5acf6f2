import { fetchApiVersions } from './api-versions.ts';
import type { ApiVersionRange } from './api-versions.ts';
import type { Kafka } from './connect.ts';

// The version that kafkajs 2.2.4 speaks of each API we use. It looks only at a broker's newest version, never at its
// oldest: a broker that no longer served one of these would just close the connection.
const spoken: { key: number; name: string; version: number }[] = [
  { key: 0, name: 'Produce', version: 7 },
  { key: 1, name: 'Fetch', version: 11 },
  { key: 2, name: 'ListOffsets', version: 3 },
  { key: 3, name: 'Metadata', version: 6 },
  { key: 8, name: 'OffsetCommit', version: 5 },
  { key: 9, name: 'OffsetFetch', version: 4 },
  { key: 10, name: 'FindCoordinator', version: 2 },
  { key: 11, name: 'JoinGroup', version: 5 },
  { key: 12, name: 'Heartbeat', version: 3 },
  { key: 13, name: 'LeaveGroup', version: 3 },
  { key: 14, name: 'SyncGroup', version: 3 },
  { key: 17, name: 'SaslHandshake', version: 1 },
  { key: 18, name: 'ApiVersions', version: 2 },
  { key: 19, name: 'CreateTopics', version: 3 },
  { key: 36, name: 'SaslAuthenticate', version: 1 },
];

/** Throws a readable error when a broker cannot be reached or does not serve the protocol versions that we speak. */
export async function checkBrokerVersions(kafka: Kafka): Promise<void> {
  const [broker, served] = await askAnyBroker(kafka);
  const unserved = findUnserved(served);
  if (unserved.length === 0) return;
  throw new Error(`Kafka at ${broker} does not serve ${unserved.join(', ')}: use Kafka 3.9 or 4.x`);
}

/** What of the APIs we use lies outside the served ranges, in words for the error; empty when all is well. */
export function findUnserved(served: Map<number, ApiVersionRange>): string[] {
  return spoken
    .filter(({ key, version }) => {
      const range = served.get(key);
      return !range || version < range.min || version > range.max;
    })
    .map(({ key, name, version }) => {
      const range = served.get(key);
      return `${name} v${version} (${range ? `it has v${range.min} to v${range.max}` : 'it has none'})`;
    });
}

/** The versions of the first broker that answers, tried in the order given. */
export async function askAnyBroker(kafka: Kafka): Promise<[broker: string, Map<number, ApiVersionRange>]> {
  const reasons: string[] = [];
  for (const broker of kafka.brokers) {
    try {
      return [broker, await fetchApiVersions(broker, { timeoutMs: 5_000, tls: kafka.tls })];
    } catch (err) {
      reasons.push(`${broker}: ${(err as Error).message}`);
    }
  }
  throw new Error(
    `no Kafka broker of KAFKA_BROKERS answers (${reasons.join('; ')}): start one, or correct KAFKA_BROKERS`,
  );
}
