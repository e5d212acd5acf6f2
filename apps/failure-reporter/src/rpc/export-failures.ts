import {
  ExportFailuresRequest_Format,
  Failure,
  toCanonicalJson,
  type ExportFailuresRequest,
  type ExportFailuresResponse,
} from '@autoprov/proto';
import type { ReporterContext } from '../context.ts';
import { csvHeader, csvRows } from '../domain/csv.ts';
import { presentFailure } from '../domain/failure.ts';
import { listFailures } from '../store/failures.ts';
import { readQuestion, type FailureQuestion } from './failure-question.ts';

const BATCH_SIZE = 500;

/** In batches, each read when the one before has been sent: memory stays flat, and no transaction waits for a client. */
export async function* exportFailures(
  ctx: ReporterContext,
  request: ExportFailuresRequest,
): AsyncGenerator<ExportFailuresResponse> {
  const question = readQuestion(request);
  if (request.format === ExportFailuresRequest_Format.FORMAT_JSON_LINES) {
    for await (const failures of readBatches(ctx, question)) yield toChunk(failures.map(toJsonLine).join(''));
    return;
  }
  yield toChunk(csvHeader());
  for await (const failures of readBatches(ctx, question)) yield toChunk(csvRows(failures));
}

async function* readBatches(ctx: ReporterContext, question: FailureQuestion): AsyncGenerator<Failure[]> {
  let after: { openTime: Date; name: string } | undefined;
  while (true) {
    const failures = await listFailures(ctx.pool, { ...question, after, limit: BATCH_SIZE });
    if (failures.length > 0) yield failures.map(presentFailure);
    if (failures.length < BATCH_SIZE) return;
    const { openTime, name } = failures.at(-1)!;
    after = { openTime: openTime!, name };
  }
}

function toJsonLine(failure: Failure): string {
  return `${JSON.stringify(toCanonicalJson('autoprov.event.v1.Failure', Failure, failure))}\n`;
}

function toChunk(text: string): ExportFailuresResponse {
  return { chunk: Buffer.from(text) };
}
