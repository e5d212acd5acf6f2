import { readCloudEvent, topics, type ConsumedBatch } from '@autoprov/kafka';
import { factOfCheck, factOfOutcome, judgementOfCheck, UnreadableFactError } from './domain/fact.ts';
import type { Judgement } from './domain/settle.ts';
import type { ParkedEvent } from './store/parked-events.ts';
import type { Message } from './take-in.ts';

/** What a batch says: facts, what people said, and what cannot be read. */
export type ReadBatch = { messages: Message[]; judgements: Judgement[]; unreadable: ParkedEvent[] };

/** The facts and judgements of a batch of one partition, in its order, and what cannot be read of it. */
export function readBatch({
  topic,
  partition,
  records,
}: {
  topic: string;
  partition: number;
  records: readonly Pick<ConsumedBatch['records'][number], 'key' | 'value' | 'offset'>[];
}): ReadBatch {
  const messages: Message[] = [];
  const judgements: Judgement[] = [];
  const unreadable: ParkedEvent[] = [];
  for (const { key, value, offset } of records) {
    try {
      if (!value) throw new UnreadableFactError('the message has no value');
      const read = readMessage(topic, value);
      if (read && 'judgement' in read) judgements.push(read.judgement);
      else if (read) messages.push(read);
    } catch (err) {
      unreadable.push({ topic, partition, offset, key, value, error: (err as Error).message });
    }
  }
  return { messages, judgements, unreadable };
}

function readMessage(topic: string, value: Buffer): Message | { judgement: Judgement } | undefined {
  if (topic === topics.checks) {
    const check = readCloudEvent('check', value);
    assertStorable(check, value);
    const judgement = judgementOfCheck(check);
    return judgement ? { judgement } : { fact: factOfCheck(check) };
  }
  const outcome = readCloudEvent('outcome', value);
  assertStorable(outcome, value);
  const fact = factOfOutcome(outcome);
  return fact && { fact, outcome };
}

/** PostgreSQL keeps any text but that with U+0000 in it, which JSON cannot hold but by this escape. */
function assertStorable(message: object, json: Buffer): void {
  if (!json.includes('\\u0000')) return;
  for (const [field, value] of Object.entries(message)) {
    if (typeof value === 'string' && value.includes('\0')) {
      throw new UnreadableFactError(`${field} holds U+0000, which cannot be stored`);
    }
  }
}
