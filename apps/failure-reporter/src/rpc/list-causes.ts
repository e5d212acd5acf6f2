import { actorOf, findEntry } from '@autoprov/failure-catalogue';
import type { Cause, ListCausesRequest, ListCausesResponse } from '@autoprov/proto';
import type { ReporterContext } from '../context.ts';
import { patternOf } from '../domain/cause.ts';
import { presentFailure } from '../domain/failure.ts';
import { listCauses as findCauses, type FoundCause } from '../store/causes.ts';
import { readQuestion } from './failure-question.ts';
import { readPageSize } from './page-size.ts';

export async function listCauses(
  ctx: ReporterContext,
  { parent, pageSize }: ListCausesRequest,
): Promise<ListCausesResponse> {
  const { customer } = readQuestion({ parent });
  const { causes, total } = await findCauses(ctx.pool, customer, readPageSize(pageSize));
  return { causes: causes.map((cause) => presentCause(cause, parent)), totalSize: total };
}

function presentCause({ example: stored, origin, ...cause }: FoundCause, parent: string): Cause {
  const example = presentFailure(stored);
  const { code, reason, detail, title, resolution } = example;
  const entry = findEntry(code);
  return {
    ...cause,
    origin,
    code,
    reason,
    pattern: patternOf(detail),
    title,
    whoActs: entry ? actorOf(entry, reason) : 'platform operator',
    resolution,
    nextCommand: nextCommand(cause.causeId, parent),
    example,
  };
}

/** What to type to see who it is about. */
function nextCommand(causeId: string, parent: string): string {
  const customer = parent === 'customers/-' ? '' : ` --customer ${parent.replace('customers/', '')}`;
  return causeId === '' ? `autoprov failures${customer}` : `autoprov failures --cause ${causeId}${customer}`;
}
