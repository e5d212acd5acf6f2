import type { ListTimelineRequest, ListTimelineResponse } from '@autoprov/proto';
import type { PusherContext } from '../context.ts';
import type { AppKey } from '../domain/model.ts';
import { listAttempts } from '../store/attempts.ts';
import { listHeldWithin } from '../store/held-actions.ts';
import { holdParents, listHoldsWithin } from '../store/holds.ts';
import {
  listAccountVersions,
  listDownTimes,
  listSetupVersions,
  listUserVersions,
  type Period,
} from '../store/versions.ts';
import { listUndos } from '../store/undos.ts';
import { readAppName, requireSetup } from './app-key.ts';
import { findPersonId } from './find-person.ts';
import { readPageSize, readPageToken, toPageToken } from './pages.ts';
import { toTimeline, type Past } from './present-timeline.ts';
import { askReadGaps } from './read-gaps.ts';

const BEGINNING = new Date(0);
const attemptsMax = 5_000;

export async function listTimeline(ctx: PusherContext, request: ListTimelineRequest): Promise<ListTimelineResponse> {
  const key = readAppName('parent', request.parent);
  await requireSetup(ctx, request.parent, key);
  const limit = readPageSize(request.pageSize);
  const [afterTime, alreadyTold] = readPageToken(request.pageToken, isPosition) ?? [];
  const from = afterTime ? new Date(afterTime) : (request.startTime ?? BEGINNING);
  const period = { from, to: request.endTime ?? ctx.now() };
  const userId = await findPersonId(ctx, key.customerId, request.user);
  // Of the time where the last page ended, what it told already is not told again.
  const told = Number(alreadyTold ?? 0);
  const entries = toTimeline(await readPast(ctx, key, userId, period), period);
  const page = entries.slice(told, told + limit);
  if (told + limit >= entries.length) return { entries: page, nextPageToken: '' };
  const last = page.at(-1)!.time!;
  const toldThen = entries.slice(0, told + limit).filter(({ time }) => time!.getTime() === last.getTime()).length;
  return { entries: page, nextPageToken: toPageToken(last.toISOString(), String(toldThen)) };
}

function isPosition([time = '', told = '', ...rest]: readonly string[]): boolean {
  return rest.length === 0 && !Number.isNaN(Date.parse(time)) && /^\d{1,9}$/.test(told);
}

/** All that is kept of one person in one app within a time. */
export async function readPast(ctx: PusherContext, key: AppKey, userId: string, period: Period): Promise<Past> {
  const { pool } = ctx;
  const [users, setups, accounts, attempts, held, holds, undos, downs, gaps] = await Promise.all([
    listUserVersions(pool, key.customerId, userId, period),
    listSetupVersions(pool, key, period),
    listAccountVersions(pool, key, userId, period),
    listAttempts(pool, key, userId, { ...period, limit: attemptsMax }),
    listHeldWithin(pool, key, userId, period),
    listHoldsWithin(pool, holdParents(key), period),
    listUndos(pool, key, period),
    listDownTimes(pool, key, period),
    askReadGaps(ctx, key.customerId, period),
  ]);
  return { customerId: key.customerId, users, setups, accounts, attempts, held, holds, undos, downs, gaps };
}
