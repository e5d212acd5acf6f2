import { inTransaction } from '@autoprov/postgres';
import type { SetupChange } from '@autoprov/proto';
import type { ReporterContext } from './context.ts';
import type { SetupLife } from './domain/settle.ts';
import { settleSetups } from './settle-failures.ts';
import { changeLives, readSetupFeed, saveSetupFeed, saveSetupLives } from './store/setups.ts';

const PAGE_SIZE = 500;
const TIMEOUT_MS = 10_000;

/** Takes over what changed in config since the last time: what was deleted there fails no more. Run every few seconds. */
export async function followSetups(ctx: ReporterContext, signal: AbortSignal): Promise<void> {
  // What a process did not come to that ended meanwhile.
  await settleSetups(ctx, signal);
  let more = true;
  while (more && !signal.aborted) {
    const sinceRevision = await readSetupFeed(ctx.pool);
    const page = await ctx.config.listSetupChanges({ sinceRevision, pageSize: PAGE_SIZE }, { timeoutMs: TIMEOUT_MS });
    if (page.changes.length > 0) {
      await inTransaction(ctx.pool, async (tx) => {
        await changeLives(tx);
        await saveSetupLives(tx, page.changes.map(readLife));
        await saveSetupFeed(tx, page.nextSinceRevision);
      });
      await settleSetups(ctx, signal);
      ctx.wakePublishing();
    }
    more = page.more;
  }
}

function readLife({ app, revision, setup, appRemoved, template = '' }: SetupChange): SetupLife {
  if (setup)
    return { app, revision, ended: '', createTime: setup.createTime, origin: originOf(template, setup.endpointUrl) };
  return { app, revision, ended: appRemoved ? 'APP_REMOVED' : 'SETUP_DELETED', createTime: undefined, origin: '' };
}

/** Templates of kinds of credentials, `templates/scim-bearer` for example, are no product: there the host tells them apart. */
function originOf(template: string, endpointUrl: string): string {
  if (template !== '' && !template.startsWith('templates/scim-')) return template;
  return URL.canParse(endpointUrl) ? new URL(endpointUrl).hostname : template;
}
