import type { ListCausesRequest, ListCausesResponse } from '@autoprov/proto';
import type { ReporterContext } from '../context.ts';
import { presentCause } from '../present-cause.ts';
import { listCauses as findCauses } from '../store/causes.ts';
import { findMutes } from '../store/mutes.ts';
import { readQuestion } from './failure-question.ts';
import { readPageSize } from './page-size.ts';

export async function listCauses(
  ctx: ReporterContext,
  { parent, pageSize }: ListCausesRequest,
): Promise<ListCausesResponse> {
  const { customer } = readQuestion({ parent });
  const { causes, total } = await findCauses(ctx.pool, customer, readPageSize(pageSize));
  const mutes = (await findMutes(ctx.pool, ctx.now())).filter(({ recipient }) => recipient === parent);
  const presented = causes.map((cause) => {
    const mute = mutes.find(({ causeId }) => causeId === cause.causeId);
    return { ...presentCause(cause, parent), muteEndTime: mute?.endTime, muteNote: mute?.note ?? '' };
  });
  return { causes: presented, totalSize: total };
}
