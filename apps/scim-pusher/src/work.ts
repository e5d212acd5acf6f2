import { isTransient } from '@autoprov/postgres';
import type { PusherContext } from './context.ts';
import type { AppKey } from './domain/model.ts';
import { listAppsWithWork } from './store/apps.ts';
import { pushApp } from './push/push-app.ts';
import { reportCrash, reportCrashOver } from './report-crash.ts';

/**
 * Apps that one replica serves at the same time. A pass mostly waits for its service provider, and holds no connection to the
 * database then: what it costs is memory, and a place here is what hung service providers take from others.
 */
const appsAtOnce = 500;

/** Serves apps until it is stopped. */
export type Worker = {
  /** Starts serving what is behind or due; resolves at once, the work goes on. */
  pass: () => Promise<void>;
  /** Sends nothing more, waits for what is on its way, and gives the leases back. */
  stop: () => Promise<void>;
};

/**
 * Serves every app that is behind or has something due, many at once, each as long as it takes: a slow service provider holds
 * its own place only. Who was served longest ago comes first.
 */
export function createWorker(ctx: PusherContext, atOnce = appsAtOnce): Worker {
  let someWait = false;
  const serving = new Map<string, Promise<void>>();
  const stopping = new AbortController();
  return {
    async pass() {
      someWait = false;
      for (const key of await listAppsWithWork(ctx.pool, ctx.now())) {
        const name = `${key.customerId}/${key.appId}`;
        if (stopping.signal.aborted || serving.has(name)) continue;
        if (serving.size >= atOnce) {
          someWait = true;
          break;
        }
        const work = servePass(ctx, key, stopping.signal).finally(() => {
          serving.delete(name);
          if (someWait) ctx.wakeWorkers();
        });
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
