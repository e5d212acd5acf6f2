import PQueue from 'p-queue';
import type { PusherContext } from './context.ts';
import { authorizationOf } from './push/authorization.ts';
import { digestOfHeader } from './push/scim-client.ts';
import { ScimFailureError } from './push/scim-failure.ts';
import { appNameOf, type AppKey } from './domain/model.ts';
import { endWait, listAppsWithoutAccess } from './store/apps.ts';

/** How soon held work goes on after somebody has authorized again. */
export const credentialWatchMs = 5_000;
const appsAtOnce = 4;

/**
 * Asks the token broker about apps that wait because of their credential: one whose header is no longer the refused one is
 * tried at once. That costs nothing at the service provider, whose own probes come ever more seldom.
 *
 * What was refused is known in memory only; an app that another replica gave up is tried once for each replica.
 */
export async function watchCredentials(ctx: PusherContext): Promise<void> {
  const waiting = await listAppsWithoutAccess(ctx.pool, ctx.now());
  const names = new Set(waiting.map(appNameOf));
  for (const name of ctx.refusedHeaders.keys()) if (!names.has(name)) ctx.refusedHeaders.delete(name);
  const queue = new PQueue({ concurrency: appsAtOnce });
  await queue.addAll(waiting.map((app) => () => watchApp(ctx, app)));
}

async function watchApp(ctx: PusherContext, app: AppKey): Promise<void> {
  const digest = await currentDigest(ctx, app);
  if (digest === undefined || digest === ctx.refusedHeaders.get(appNameOf(app))) return;
  ctx.refusedHeaders.set(appNameOf(app), digest);
  await endWait(ctx.pool, app, ctx.now());
  ctx.wakeWorkers();
}

/** undefined: the broker has no header, or does not answer. */
async function currentDigest(ctx: PusherContext, app: AppKey): Promise<string | undefined> {
  try {
    return digestOfHeader(await authorizationOf(ctx, app, { timeoutMs: credentialWatchMs })(false));
  } catch (err) {
    if (err instanceof ScimFailureError) return undefined;
    throw err;
  }
}
