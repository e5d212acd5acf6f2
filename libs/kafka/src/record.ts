/**
 * One record to publish. Records with the same partitionKey go to one partition and keep their order; `key` is what
 * compaction goes by. A null value is a tombstone.
 */
export type KafkaRecord = {
  topic: string;
  partitionKey: string;
  key: string;
  value: Buffer | null;
  headers: Record<string, string>;
};
