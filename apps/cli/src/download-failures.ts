import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ExportFailuresRequest_Format, type FailureFilter } from '@autoprov/proto';
import { UsageError, type Io } from './io.ts';
import type { Services } from './network.ts';

/** Which failures are asked for. */
export type FailureQuestion = { parent: string; filter: FailureFilter };

const TIMEOUT_MS = 600_000;

/** Writes the failures to a file, which appears only once it is whole, or to stdout. */
export async function downloadFailures(
  io: Io,
  services: Services,
  question: FailureQuestion,
  { download, json = false }: { download: string; json?: boolean },
): Promise<void> {
  const format = chooseFormat(download, json);
  const chunks = readChunks(services.failures.exportFailures({ ...question, format }, { timeoutMs: TIMEOUT_MS }));
  if (download === '-') return pipeline(Readable.from(chunks), io.stdout, { end: false });
  const path = resolve(io.cwd, download);
  const partial = `${path}.partial`;
  try {
    await pipeline(Readable.from(chunks), createWriteStream(partial));
    await rename(partial, path);
  } catch (err) {
    await rm(partial, { force: true });
    throw err;
  }
  io.err(`wrote ${download}`);
}

async function* readChunks(answers: AsyncIterable<{ chunk: Buffer }>): AsyncGenerator<Buffer> {
  for await (const { chunk } of answers) yield chunk;
}

function chooseFormat(download: string, json: boolean): ExportFailuresRequest_Format {
  if (download.endsWith('.jsonl') || (download === '-' && json)) return ExportFailuresRequest_Format.FORMAT_JSON_LINES;
  if (download.endsWith('.csv') || download === '-') return ExportFailuresRequest_Format.FORMAT_CSV;
  throw new UsageError('the name of the file must end in .csv or .jsonl, or be - for stdout');
}
