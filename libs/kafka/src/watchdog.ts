import type { Consumer } from 'kafkajs';
import { askAnyBroker } from './check-broker-versions.ts';
import type { Kafka } from './connect.ts';

/**
 * Calls `crash` when the consumer has fetched nothing, not even an empty answer, for `watchdogMs` although a broker was
 * there: kafkajs can stand still without an error. An outage of Kafka is no crash; the count starts again after it.
 * Returns how to stop watching.
 */
export function watchFetches(
  kafka: Kafka,
  consumer: Consumer,
  watchdogMs: number,
  crash: (err: unknown) => void,
): () => void {
  let lastSignMs = performance.now();
  consumer.on(consumer.events.FETCH, () => void (lastSignMs = performance.now()));
  const look = async (): Promise<void> => {
    const quietMs = performance.now() - lastSignMs;
    if (quietMs < watchdogMs / 2) return;
    if (!(await isBrokerThere(kafka))) lastSignMs = performance.now();
    else if (quietMs > watchdogMs) {
      clearInterval(timer);
      crash(new Error(`nothing fetched for ${watchdogMs} ms beside a living broker: start the consumer anew`));
    }
  };
  const timer = setInterval(() => void look(), watchdogMs / 6);
  return () => clearInterval(timer);
}

async function isBrokerThere(kafka: Kafka): Promise<boolean> {
  try {
    await askAnyBroker(kafka);
    return true;
  } catch {
    return false;
  }
}
