import type { ListFailuresRequest, ListFailuresResponse } from '@autoprov/proto';
import type { ReporterContext } from '../context.ts';
import { presentFailure } from '../domain/failure.ts';
import { readPageToken, toPageToken, type PagePosition } from '../domain/page-token.ts';
import { listFailures as readFailures } from '../store/failures.ts';
import { invalidRequest, readQuestion, type FailureQuestion } from './failure-question.ts';
import { readPageSize } from './page-size.ts';

export async function listFailures(ctx: ReporterContext, request: ListFailuresRequest): Promise<ListFailuresResponse> {
  const question = readQuestion(request);
  const after = readPosition(question, request.pageToken);
  const pageSize = readPageSize(request.pageSize);

  // One more than asked for tells whether there is another page.
  const failures = await readFailures(ctx.pool, { ...question, after, limit: pageSize + 1 });
  const page = failures.slice(0, pageSize);
  const last = failures.length > pageSize ? page.at(-1) : undefined;
  return { failures: page.map(presentFailure), nextPageToken: last ? toPageToken(question, positionOf(last)) : '' };
}

function readPosition(question: FailureQuestion, pageToken: string): PagePosition | undefined {
  if (pageToken === '') return undefined;
  const position = readPageToken(question, pageToken);
  if (position) return position;
  throw invalidRequest([
    { field: 'page_token', description: 'must be the next_page_token of a page of the same parent and filter' },
  ]);
}

function positionOf({ openTime, name }: { openTime?: Date | undefined; name: string }): PagePosition {
  return { openTime: openTime!, name };
}
