import type { RetryFailingRequest, RetryFailingResponse } from '@autoprov/proto';
import { inTransaction } from '@autoprov/postgres';
import type { PusherContext } from '../context.ts';
import { wakeFailing } from '../store/due-people.ts';
import { endWait } from '../store/apps.ts';
import { wakeFailingGroups } from '../store/groups.ts';
import { readAppName, requireSetup } from './app-key.ts';
import { readUserIds } from './find-person.ts';

export async function retryFailing(ctx: PusherContext, request: RetryFailingRequest): Promise<RetryFailingResponse> {
  const { app, users, code, reason } = request;
  const key = readAppName('app', app);
  await requireSetup(ctx, app, key);
  const userIds = readUserIds(key, users);
  const now = ctx.now();
  const answer = await inTransaction(ctx.pool, async (tx) => {
    if (userIds.length === 0) await wakeFailingGroups(tx, key, { code, reason, now });
    return {
      userCount: await wakeFailing(tx, key, { userIds, code, reason, now }),
      appWaited: await endWait(tx, key, now),
    };
  });
  ctx.wakeWorkers();
  return answer;
}
