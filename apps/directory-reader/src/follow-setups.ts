import { inTransaction, type Db } from '@autoprov/postgres';
import { parseAppName, ProvisioningSetup_State, type SetupChange } from '@autoprov/proto';
import { rpcErrorOf } from '@autoprov/grpc';
import type { ReaderContext } from './context.ts';
import { interestsOf } from './domain/interests.ts';
import { reportChecks } from './report-checks.ts';
import { ensureCustomer, findCustomer, requestRead } from './store/customers.ts';
import { syncInterests } from './store/interests.ts';
import { advanceCursor, readCursor, upsertSetup } from './store/setups.ts';

const TIMEOUT_MS = 10_000;
const PAGE_SIZE = 500;

/** Follows config: each call takes over what changed since the last. */
export function createSetupFollower(context: ReaderContext): () => Promise<void> {
  let answeredAt = performance.now();
  return async () => {
    try {
      while (await takeChanges(context)) answeredAt = performance.now();
      answeredAt = performance.now();
      await reportConfig(context, undefined);
    } catch (err) {
      if (err instanceof ConfigSilentError && performance.now() - answeredAt > context.configSilenceMs)
        await reportConfig(context, err.message);
      throw err;
    }
  };
}

/** Config gave no answer; the copy of its setups stays in use. */
class ConfigSilentError extends Error {
  override name = 'ConfigSilentError';
}

/** Takes over one page of changes; answers whether there are more. */
async function takeChanges(context: ReaderContext): Promise<boolean> {
  const sinceRevision = await readCursor(context.pool);
  const page = await context.config
    .listSetupChanges({ sinceRevision, pageSize: PAGE_SIZE }, { timeoutMs: TIMEOUT_MS })
    .catch((err: unknown) => {
      throw new ConfigSilentError(rpcErrorOf(err).message, { cause: err });
    });
  if (page.changes.length > 0) {
    await inTransaction(context.pool, async (tx) => {
      // First, and locked: replicas that follow at once take turns.
      await advanceCursor(tx, page.nextSinceRevision);
      for (const change of page.changes) await applyChange(tx, context, change);
    });
    context.wakeReads();
  }
  return page.more;
}

async function applyChange(tx: Db, context: ReaderContext, { app, revision, setup }: SetupChange): Promise<void> {
  const name = parseAppName(app);
  if (!name) throw new Error(`config answered with a change of "${app}", which names no app`);
  const active = setup?.state === ProvisioningSetup_State.STATE_ACTIVE;
  await upsertSetup(tx, { ...name, revision, active, ...interestsOf(setup) });
  if (active) await ensureCustomer(tx, name.customerId);
  // Nobody names its groups any more, so no read will look for them.
  else await reportChecks(tx, context, [{ subject: app, code: '50005', passed: true }], context.now());
  const added = await syncInterests(tx, name.customerId, context.now());
  if (await needAllUsers(tx, name.customerId, added)) await requestRead(tx, name.customerId);
}

/** Users come with the custom schemas that were asked for: a new one takes all of them again. New groups are read alone. */
async function needAllUsers(tx: Db, customerId: string, added: Set<'group' | 'schema'>): Promise<boolean> {
  if (added.has('schema')) return true;
  return added.has('group') && !(await findCustomer(tx, customerId))?.usersCovered;
}

async function reportConfig(context: ReaderContext, problem: string | undefined): Promise<void> {
  const check = { subject: 'installation', code: '25005' };
  const detail = `ListSetupChanges: ${problem}`;
  const result =
    problem === undefined
      ? { ...check, passed: true as const }
      : { ...check, passed: false as const, reason: 'CONFIG_UNAVAILABLE', detail };
  await inTransaction(context.pool, (tx) => reportChecks(tx, context, [result], context.now()));
  context.outbox.wake();
}
