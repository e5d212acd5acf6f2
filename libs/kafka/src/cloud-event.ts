import { hash } from 'node:crypto';
import {
  Check,
  Failure,
  fromCanonicalJson,
  Outcome,
  Outcome_Result,
  toCanonicalJson,
  type MessageCodec,
} from '@autoprov/proto';
import type { KafkaRecord } from './record.ts';
import { topics } from './topics.ts';

/** What stands on the public topics, by kind. */
export type PublicMessages = { outcome: Outcome; check: Check; failure: Failure };

/** What can have happened, by kind of message: the last part but one of its event's type. */
export const changeWords = {
  outcome: ['accepted', 'failed', 'withdrawn'],
  check: ['failed', 'passed'],
  failure: ['opened', 'retried', 'reopened', 'resolved', 'superseded', 'dismissed'],
} as const;

/** What happened to a failure. */
export type FailureChange = (typeof changeWords)['failure'][number];

/** A message for a public topic. */
export type PublicEvent =
  | { kind: 'outcome'; message: Outcome }
  | { kind: 'check'; message: Check }
  | { kind: 'failure'; message: Failure; change: FailureChange };

/** Who publishes: the id of the installation and the name of the service, for example `scim-pusher`. */
export type EventOrigin = { installationId: string; service: string };

const kinds: {
  [Kind in keyof PublicMessages]: { topic: string; typeName: string; codec: MessageCodec<PublicMessages[Kind]> };
} = {
  outcome: { topic: topics.outcomes, typeName: 'autoprov.event.v1.Outcome', codec: Outcome },
  check: { topic: topics.checks, typeName: 'autoprov.event.v1.Check', codec: Check },
  failure: { topic: topics.failures, typeName: 'autoprov.event.v1.Failure', codec: Failure },
};

/**
 * The outbox row of a message of a public topic: CloudEvents 1.0 in Kafka's binary mode (CloudEvents Kafka protocol
 * binding §3.2), value in canonical proto3 JSON. All messages about one subject share a key, so a partition keeps their
 * order. The same message gives the same row.
 */
export function toCloudEvent(origin: EventOrigin, event: PublicEvent): KafkaRecord {
  const { type, subject, seq, time, traceId } = describeEvent(event);
  const source = `/installations/${origin.installationId}/${origin.service}`;
  const id = hash('sha256', `${source}|${subject}|${seq}`).slice(0, 32);
  const { topic, typeName } = kinds[event.kind];
  return {
    topic,
    partitionKey: subject,
    key: subject,
    value: Buffer.from(JSON.stringify(toJson(event))),
    headers: {
      ce_specversion: '1.0',
      ce_id: id,
      ce_source: source,
      ce_type: type,
      ce_subject: subject,
      ce_time: time.toISOString(),
      ce_partitionkey: subject,
      ce_dataschema: `https://autoprov.dev/schemas/${typeName}.json`,
      'content-type': 'application/json',
      // The event is the span: W3C Trace Context §3.2 wants a parent id beside the trace id.
      ...(/^[0-9a-f]{32}$/.test(traceId) && { traceparent: `00-${traceId}-${id.slice(0, 16)}-01` }),
    },
  };
}

/**
 * Reads the value of a message of a public topic. Fields and enum names that this version does not know are skipped.
 *
 * @throws Error when it is no JSON object, or a field has a value of the wrong type; the message names the field
 */
export function readCloudEvent<Kind extends keyof PublicMessages>(kind: Kind, value: Buffer): PublicMessages[Kind] {
  const json: unknown = JSON.parse(value.toString('utf8'));
  if (!isJsonObject(json)) throw new Error(`a message of ${kinds[kind].topic} must be a JSON object`);
  return fromCanonicalJson(kinds[kind].typeName, kinds[kind].codec, json, { ignoreUnknown: true });
}

function describeEvent(event: PublicEvent) {
  switch (event.kind) {
    case 'outcome': {
      const { app, user, group, seq, occurTime, result, traceId } = event.message;
      // An outcome is about the person's account in the app: `customers/{customer}/apps/{app}/accounts/{user}`; or about a
      // group, whose address is in no subject: `customers/{customer}/apps/{app}/groups/{digest}`.
      const subject = group
        ? `${app}/groups/${hash('sha256', group).slice(0, 16)}`
        : `${app}/accounts/${user.split('/').at(-1)}`;
      const type = eventTypeOf('outcome', outcomeWord(result));
      return { type, subject, seq, time: required(occurTime), traceId };
    }
    case 'check': {
      const { subject, seq, occurTime, passed } = event.message;
      const type = eventTypeOf('check', passed ? 'passed' : 'failed');
      return { type, subject, seq, time: required(occurTime), traceId: '' };
    }
    case 'failure': {
      const { name, seq, updateTime, resolveTime, traceId } = event.message;
      const type = eventTypeOf('failure', event.change);
      return { type, subject: name, seq, time: required(resolveTime ?? updateTime), traceId };
    }
  }
}

/** `autoprov.failure.opened.v1`, for example. */
export function eventTypeOf<Kind extends keyof PublicMessages>(kind: Kind, word: (typeof changeWords)[Kind][number]) {
  return `autoprov.${kind}.${word}.v1`;
}

function outcomeWord(result: Outcome_Result): (typeof changeWords)['outcome'][number] {
  if (result === Outcome_Result.RESULT_ACCEPTED) return 'accepted';
  if (result === Outcome_Result.RESULT_FAILED) return 'failed';
  if (result === Outcome_Result.RESULT_WITHDRAWN) return 'withdrawn';
  throw new Error(`an outcome must be accepted, failed or withdrawn before it is published, not ${result}`);
}

function required(time: Date | undefined): Date {
  if (!time) throw new Error('a public event needs a time: set occur_time (update_time of a failure)');
  return time;
}

function toJson(event: PublicEvent) {
  switch (event.kind) {
    case 'outcome':
      return toCanonicalJson(kinds.outcome.typeName, kinds.outcome.codec, event.message);
    case 'check':
      return toCanonicalJson(kinds.check.typeName, kinds.check.codec, event.message);
    case 'failure':
      return toCanonicalJson(kinds.failure.typeName, kinds.failure.codec, event.message);
  }
}

function isJsonObject(value: unknown): value is Parameters<typeof fromCanonicalJson>[2] {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
