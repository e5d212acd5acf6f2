import { isTransient } from '@autoprov/postgres';
import type { PusherContext } from './context.ts';
import type { AppKey } from './domain/model.ts';
import { listAppsWithWork } from './store/apps.ts';
import { pushApp } from './push/push-app.ts';
import { reportCrash, reportCrashOver } from './report-crash.ts';

/** Apps that one replica serves at the same time. */
const appsAtOnce = 8;

/** Serves apps until it is stopped. */
export type Worker = {
  /** Starts serving what is behind or due; resolves at once, the work goes on. */
  pass: () => Promise<void>;
  /** Sends nothing more, waits for what is on its way, and gives the leases back. */
  stop: () => Promise<void>;
};

/**
 * Serves every app that is behind or has something due, several at once, each as long as it takes: a slow service
 * provider holds its own place only.
 */
export function createWorker(ctx: PusherContext): Worker {
  const serving = new Map<string, Promise<void>>();
  const stopping = new AbortController();
  return {
    async pass() {
      for (const key of await listAppsWithWork(ctx.pool, ctx.now())) {
        const name = `${key.customerId}/${key.appId}`;
        if (stopping.signal.aborted || serving.has(name) || serving.size >= appsAtOnce) continue;
        const work = servePass(ctx, key, stopping.signal).finally(() => serving.delete(name));
        serving.set(name, work);
      }
    },
    async stop() {
      stopping.abort();
      await Promise.all(serving.values());
    },
  };
}

/** Never rejects: a bug that one app meets is none of the others'. */
async function servePass(ctx: PusherContext, key: AppKey, stopping: AbortSignal): Promise<void> {
  try {
    try {
      await pushApp(ctx, key, stopping);
      await reportCrashOver(ctx, key);
    } catch (err) {
      ctx.logger.error({ err, ...key }, 'pass over an app failed');
      if (!isTransient(err)) await reportCrash(ctx, key, err);
    }
  } catch (err) {
    ctx.logger.error({ err, ...key }, 'a failed pass could not be reported: the next one is');
  }
}
