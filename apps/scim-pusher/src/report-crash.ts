import { inTransaction, takeCheckSeq } from '@autoprov/postgres';
import { backoffMs } from '@autoprov/service';
import type { PusherContext } from './context.ts';
import { appNameOf, type AppKey } from './domain/model.ts';
import { addCheck } from './push/health.ts';
import { delayApp } from './store/apps.ts';
import { addCrash, endCrash, isCrashed } from './store/crashes.ts';

const check = { subject: 'installation', code: '12004' };
const delays = { baseMs: 10_000, capMs: 600_000 };

/** Reports that a pass over an app ended with a bug: 12004. It is tried again by itself, more and more seldom. */
export async function reportCrash(ctx: PusherContext, app: AppKey, err: unknown): Promise<void> {
  const name = err instanceof Error ? err.name : typeof err;
  const detail = `a pass over ${appNameOf(app)} ended with an unexpected ${name}: see the log of scim-pusher`;
  const now = ctx.now();
  await inTransaction(ctx.pool, async (tx) => {
    const nextAttemptTime = new Date(now.getTime() + delays.baseMs + backoffMs(await addCrash(tx, app), delays));
    await delayApp(tx, app, nextAttemptTime);
    const failed = { passed: false as const, reason: 'UNEXPECTED_ERROR' };
    const seq = await takeCheckSeq(tx, { ...check, ...failed }, now);
    if (seq !== undefined) await addCheck(tx, ctx, { ...check, ...failed, seq, detail, nextAttemptTime });
  });
}

/** Reports, after a pass that ended well, that nobody's pass ends with a bug any more; if that is so. */
export async function reportCrashOver(ctx: PusherContext, app: AppKey): Promise<void> {
  if (!(await isCrashed(ctx.pool, app))) return;
  await inTransaction(ctx.pool, async (tx) => {
    if (!(await endCrash(tx, app))) return;
    const seq = await takeCheckSeq(tx, { ...check, passed: true }, ctx.now());
    if (seq !== undefined) await addCheck(tx, ctx, { ...check, seq, passed: true });
  });
}
