import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
// The default import, here and elsewhere: Node finds only some of kafkajs's names in its CommonJS source.
import kafkajs from 'kafkajs';

const require = createRequire(import.meta.url);
const checkIntervalMs = 10;

/** Repairs what we know to be wrong in kafkajs 2.2.4. Runs once, however often it is called. */
export function fixKafkajs(): void {
  if ((require('kafkajs/package.json') as { version: string }).version === '2.2.4') stopIdleTimers();
  addZstd();
}

/**
 * kafkajs 2.2.4 re-arms a 1 ms timer per connection for as long as nothing is throttled: 4 % of a core when idle
 * (tulios/kafkajs#1751). A timer is needed only while a request waits; every other path looks at the queue by itself.
 */
function stopIdleTimers(): void {
  const RequestQueue = require('kafkajs/src/network/requestQueue') as { prototype: RequestQueue };
  RequestQueue.prototype.scheduleCheckPendingRequests = function (): void {
    if (this.throttleCheckTimeoutId || this.pending.length === 0) return;
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null;
        this.checkPendingRequests();
      },
      Math.max(this.throttledUntil - Date.now(), checkIntervalMs),
    );
  };
}

type RequestQueue = {
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(this: RequestQueue): void;
};

// kafkajs knows gzip only; one zstd batch, from any producer, would crash the consumer for good.
function addZstd(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: ({ buffer }: { buffer: Buffer }) => promisify(zstdCompress)(buffer),
    decompress: (buffer: Buffer) => promisify(zstdDecompress)(buffer),
  });
}
