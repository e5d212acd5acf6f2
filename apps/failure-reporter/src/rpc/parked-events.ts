import type {
  ListParkedEventsRequest,
  ListParkedEventsResponse,
  ReplayParkedEventsRequest,
  ReplayParkedEventsResponse,
} from '@autoprov/proto';
import type { ReporterContext } from '../context.ts';
import { replayParked } from '../replay-parked.ts';
import { listParkedEvents as findParkedEvents, type ParkedEventKey } from '../store/parked-events.ts';
import { invalidRequest } from './failure-question.ts';
import { readPageSize } from './page-size.ts';

const SHOWN_BYTES_MAX = 2000;

export async function listParkedEvents(
  ctx: ReporterContext,
  { pageSize }: ListParkedEventsRequest,
): Promise<ListParkedEventsResponse> {
  const { events, total } = await findParkedEvents(ctx.pool, readPageSize(pageSize), SHOWN_BYTES_MAX);
  const parkedEvents = events.map(({ topic, partition, offset, value, error, parkTime }) => ({
    name: `topics/${topic}/partitions/${partition}/offsets/${offset}`,
    value: value ?? Buffer.alloc(0),
    error,
    parkTime,
  }));
  return { parkedEvents, totalSize: total };
}

export async function replayParkedEvents(
  ctx: ReporterContext,
  { names }: ReplayParkedEventsRequest,
): Promise<ReplayParkedEventsResponse> {
  const { replayedCount, unreadableCount } = await replayParked(ctx, names.map(readName));
  return { replayedCount: BigInt(replayedCount), unreadableCount: BigInt(unreadableCount) };
}

function readName(name: string, i: number): ParkedEventKey {
  const [, topic, partition, offset] =
    /^topics\/([\w.-]+)\/partitions\/(\d{1,9})\/offsets\/(\d{1,18})$/.exec(name) ?? [];
  if (topic === undefined || partition === undefined || offset === undefined) {
    const description =
      'must be topics/{topic}/partitions/{partition}/offsets/{offset}, as ListParkedEvents answers it';
    throw invalidRequest([{ field: `names[${i}]`, description }]);
  }
  return { topic, partition: Number(partition), offset };
}
