import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createPublisher, lagOf, toCloudEvent, topics } from '@autoprov/kafka';
import { Check, Outcome, Outcome_Action, Outcome_Result } from '@autoprov/proto';
import type { Network } from '@autoprov/testing';
import type { Display } from '../../shared/display.ts';

const FACTS = 200_000;
/** What is not counted: a consumer's first batches, while its code is still cold. */
const WARM_UP = 40_000;
const BATCH_SIZE = 2000;
const APPS = 500;
/** Of what the checks are. */
const CHECKED_APPS = 5000;
const CALL_TIMEOUT_MS = 600_000;

/** How many facts a second the reporter takes in, and a consumer that only upserts them. */
export type Ingest = { perSecond: number; barePerSecond: number };

/** 80 % accepted pushes, 10 % failed ones, 10 % checks that fail and heal, all there before the reporter starts. */
export async function measureIngest(network: Network, display: Display): Promise<Ingest> {
  await network.kill('failure-reporter', 'SIGTERM');
  display.step(`${FACTS} facts`);
  await publishFacts(network);
  display.step('a bare consumer');
  const bare = startBareConsumer(network);
  const ended = once(bare, 'exit').then(() =>
    Promise.reject(new Error('the bare consumer ended: see what it said above')),
  );
  const barePerSecond = await Promise.race([timeLag(network, 'bare'), ended]);
  ended.catch(() => {});
  display.done(`${barePerSecond} facts a second`);
  bare.kill('SIGTERM');
  await once(bare, 'exit');
  display.step('the failure reporter');
  const [perSecond] = await Promise.all([timeLag(network, 'failure-reporter'), network.restart('failure-reporter')]);
  display.done(`${perSecond} facts a second`);
  return { perSecond, barePerSecond };
}

async function publishFacts({ kafka }: Network): Promise<void> {
  const publisher = await createPublisher(kafka);
  for (let from = 0; from < FACTS; from += BATCH_SIZE) {
    await publisher.publish(Array.from({ length: BATCH_SIZE }, (_, i) => toFact(from + i)));
  }
  await publisher.stop();
}

function toFact(i: number) {
  const [seq, occurTime] = [BigInt(i + 1), new Date(Date.UTC(2026, 0, 1) + i)];
  if (i % 10 === 0) return toCheck(i / 10, { seq, occurTime });
  const app = `customers/proof${i % 20}/apps/app${i % APPS}`;
  const failing = i % 10 === 5;
  const failure = { code: '45003', reason: 'DUPLICATE', detail: `userName "person${i}" is taken`, httpStatus: 409 };
  const message = Outcome.fromPartial({
    app,
    user: `${app.split('/apps/')[0]}/users/${100_000_000_000 + i}`,
    seq,
    occurTime,
    action: Outcome_Action.ACTION_CREATE,
    result: failing ? Outcome_Result.RESULT_FAILED : Outcome_Result.RESULT_ACCEPTED,
    httpStatus: 201,
    ...(failing && failure),
    attempt: 1,
    setupRevision: 7n,
    traceId: '0af7651916cd43dd8448eb211c80319c',
  });
  return toCloudEvent({ installationId: 'local', service: 'scim-pusher' }, { kind: 'outcome', message });
}

/** Of each app in turn: it fails, then it passes, and so on. */
function toCheck(n: number, at: { seq: bigint; occurTime: Date }) {
  const app = `customers/proof${n % 20}/apps/app${n % CHECKED_APPS}`;
  const passed = Math.floor(n / CHECKED_APPS) % 2 === 1;
  const failing = { code: '17010', reason: 'KEY_REFUSED', detail: passed ? '' : 'the key is refused' };
  const message = Check.fromPartial({ source: 'token-broker', subject: app, ...at, passed, ...failing });
  return toCloudEvent({ installationId: 'local', service: 'token-broker' }, { kind: 'check', message });
}

function startBareConsumer({ databaseUrl, kafka }: Network) {
  const file = fileURLToPath(new URL('bare-consumer.ts', import.meta.url));
  const env = {
    ...process.env,
    DATABASE_ADMIN_URL: databaseUrl,
    KAFKA_BROKERS: kafka.brokers.join(','),
    KAFKA_TOPIC_PREFIX: kafka.topicPrefix,
  };
  return spawn(process.execPath, ['--conditions=@autoprov/source', file], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env,
  });
}

/** Facts a second of a consumer group, from when it has begun until nothing is left. */
async function timeLag({ kafka }: Network, groupId: string): Promise<number> {
  const deadlineMs = performance.now() + CALL_TIMEOUT_MS;
  let began: { lag: number; atMs: number } | undefined;
  while (performance.now() < deadlineMs) {
    const lag = await lagOf(kafka, groupId, [topics.outcomes, topics.checks]);
    const atMs = performance.now();
    if (!began && lag <= FACTS - WARM_UP) began = { lag, atMs };
    if (began && lag === 0) return Math.round((began.lag / (atMs - began.atMs)) * 1000);
    await delay(20);
  }
  throw new Error(`${groupId} has not taken in ${FACTS} facts within ${CALL_TIMEOUT_MS / 1000} s`);
}
