import type { KafkaRecord } from './record.ts';

// Under the broker's default message.max.bytes of 1,048,588, which holds for a whole request to one partition.
const maxBytes = 900_000;
// kafkajs copies the list of messages once per message.
const maxRecords = 500;
const overheadBytes = 64;

/** Cuts records into requests that a broker takes, in order. A record that is too large by itself is a request by itself. */
export function splitBySize(records: KafkaRecord[]): KafkaRecord[][] {
  const parts: KafkaRecord[][] = [];
  let part: KafkaRecord[] = [];
  let partBytes = 0;
  for (const record of records) {
    const bytes = sizeOf(record);
    if (part.length > 0 && (part.length === maxRecords || partBytes + bytes > maxBytes)) {
      parts.push(part);
      part = [];
      partBytes = 0;
    }
    part.push(record);
    partBytes += bytes;
  }
  if (part.length > 0) parts.push(part);
  return parts;
}

function sizeOf({ key, value, headers }: KafkaRecord): number {
  let bytes = overheadBytes + Buffer.byteLength(key) + (value?.length ?? 0);
  for (const [name, text] of Object.entries(headers)) bytes += Buffer.byteLength(name) + Buffer.byteLength(text) + 4;
  return bytes;
}
