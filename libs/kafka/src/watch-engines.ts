import { runLoop, type Logger as ServiceLogger, type Loop } from '@autoprov/service';
import { askAnyBroker } from './check-broker-versions.ts';
import { toCloudEvent } from './cloud-event.ts';
import type { EventOrigin } from './cloud-event.ts';
import type { Kafka } from './connect.ts';
import type { Logger } from './logger.ts';
import type { Publisher } from './publisher.ts';

/** What is watched, on whose behalf, and where the check goes. */
export type WatchedEngines = {
  kafka: Kafka;
  publisher: Pick<Publisher, 'publish'>;
  /** Rejects while PostgreSQL does not answer. */
  askPostgres: () => Promise<unknown>;
  origin: EventOrigin;
  logger: Logger;
  /** Shorter silences are what retries are for. Default: 15,000. */
  toleratedMs?: number;
};

const LOOK_EVERY_MS = 5_000;

/** Looks every few seconds, as createEngineWatch says, until it is stopped. */
export function watchEngines(watched: WatchedEngines & { logger: ServiceLogger }): Loop {
  const { logger } = watched;
  return runLoop({ name: 'watch engines', everyMs: LOOK_EVERY_MS, run: createEngineWatch(watched), logger });
}

/**
 * A function to be run every few seconds, that asks PostgreSQL and Kafka for an answer: one that is silent for longer
 * than is tolerated is the failed check 50006 of the installation.
 *
 * It is published past the outbox, which may be what is away. While Kafka is away nobody can be told: it is made up for
 * afterwards, with the time at which the silence began. The first check says whether all is well now: it ends what a
 * process that died has left open.
 */
export function createEngineWatch(watched: WatchedEngines): () => Promise<void> {
  const { publisher, origin, logger, toleratedMs = 15_000 } = watched;
  let silentSince: Date | undefined;
  const unsaid: Result[] = [];
  let last: Result | undefined;
  let lastSeq = 0n;

  function note(silent: Engine | undefined): void {
    const now = new Date();
    silentSince = silent && (silentSince ?? now);
    if (silent && last?.silent !== silent && now.getTime() - silentSince!.getTime() >= toleratedMs) {
      logger.error({ engine: silent, since: silentSince }, 'an engine does not answer (50006): start it again');
      unsaid.push((last = { silent, occurTime: silentSince! }));
    }
    if (!silent && (!last || last.silent)) unsaid.push((last = { occurTime: now }));
  }

  async function publishUnsaid(): Promise<void> {
    for (let result = unsaid[0]; result; result = unsaid[0]) {
      const { silent, occurTime } = result;
      const nowMicros = BigInt(Date.now()) * 1_000n;
      lastSeq = nowMicros > lastSeq ? nowMicros : lastSeq + 1n;
      const outcome = silent
        ? { passed: false, reason: reasons[silent], detail: `${silent} does not answer ${origin.service}` }
        : { passed: true, reason: '', detail: '' };
      const check = { source: origin.service, subject: 'installation', code: '50006', seq: lastSeq, occurTime };
      await publisher.publish([toCloudEvent(origin, { kind: 'check', message: { ...check, ...outcome } })]);
      unsaid.shift();
    }
  }

  return async () => {
    const silent = await findSilent(watched);
    note(silent);
    if (silent !== 'Kafka') await publishUnsaid();
  };
}

type Engine = 'PostgreSQL' | 'Kafka';
type Result = { silent?: Engine; occurTime: Date };

const reasons: Record<Engine, string> = { PostgreSQL: 'POSTGRES_UNAVAILABLE', Kafka: 'KAFKA_UNAVAILABLE' };

async function findSilent({ kafka, askPostgres }: WatchedEngines): Promise<Engine | undefined> {
  const [broker, postgres] = await Promise.allSettled([askAnyBroker(kafka), askPostgres()]);
  if (broker.status === 'rejected') return 'Kafka';
  return postgres.status === 'rejected' ? 'PostgreSQL' : undefined;
}
