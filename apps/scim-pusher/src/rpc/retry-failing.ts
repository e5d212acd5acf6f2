import { parseUserName, type RetryFailingRequest, type RetryFailingResponse } from '@autoprov/proto';
import { inTransaction } from '@autoprov/postgres';
import type { PusherContext } from '../context.ts';
import { wakeFailing } from '../store/accounts.ts';
import { endWait } from '../store/apps.ts';
import { readAppName, requireSetup } from './app-key.ts';
import { invalidField } from './errors.ts';

const usersMax = 1_000;

export async function retryFailing(ctx: PusherContext, request: RetryFailingRequest): Promise<RetryFailingResponse> {
  const { app, users, code, reason } = request;
  const key = readAppName('app', app);
  await requireSetup(ctx, app, key);
  if (users.length > usersMax) throw invalidField('users', `are more than ${usersMax}: ask in several calls`);
  const userIds = users.map((name, i) => {
    const user = parseUserName(name);
    if (user?.customerId === key.customerId) return user.userId;
    const description = `names nobody of the app's customer: write customers/${key.customerId}/users/{user}`;
    throw invalidField(`users[${i}]`, description);
  });
  const now = ctx.now();
  const answer = await inTransaction(ctx.pool, async (tx) => ({
    userCount: await wakeFailing(tx, key, { userIds, code, reason, now }),
    appWaited: await endWait(tx, key, now),
  }));
  ctx.wakeWorkers();
  return answer;
}
