import { inTransaction, type Db } from '@autoprov/postgres';
import { Failure_State } from '@autoprov/proto';
import type { ReporterContext } from './context.ts';
import type { KeptFailure } from './domain/failure.ts';
import { hasSettledAnew, isFailing, settle, type Judgement } from './domain/settle.ts';
import { anyFailure, listFailures, lockFailures, upsertFailures } from './store/failures.ts';
import { findJudgements, saveJudgements } from './store/judgements.ts';
import { changeLives, findSetupLives, findUnsettled, saveSettled } from './store/setups.ts';

const PAGE_SIZE = 1000;
/** What may fail by its facts, whatever became of it. */
const states = [Failure_State.STATE_OPEN, Failure_State.STATE_DISMISSED, Failure_State.STATE_SUPERSEDED];

/** Failures that facts have just changed, as the ends of setups and people's judgements make them. */
export async function settleChanged(tx: Db, failures: KeptFailure[], now: Date): Promise<KeptFailure[]> {
  const failing = failures.filter(isFailing);
  if (failing.length === 0) return failures;
  const lives = await findSetupLives(tx, [...new Set(failing.map(({ app }) => app))]);
  const judgements = await findJudgements(
    tx,
    failing.map(({ name }) => name),
  );
  return failures.map((failure) =>
    settle(failure, { life: lives.get(failure.app), judgement: judgements.get(failure.name) }, now),
  );
}

/**
 * Ends or opens the failures of setups that have changed, a page a transaction, since facts wait meanwhile. What was not
 * come to, as when the process ended, is gone on with at the next call, by whichever replica.
 */
export async function settleSetups({ pool, now }: Pick<ReporterContext, 'pool' | 'now'>, signal: AbortSignal) {
  // Looked up before the lock is taken: mostly there is nothing.
  while (!signal.aborted && (await findUnsettled(pool))) await inTransaction(pool, (tx) => settlePage(tx, now()));
}

async function settlePage(tx: Db, now: Date): Promise<void> {
  await changeLives(tx);
  const next = await findUnsettled(tx);
  if (!next) return;
  const page = await listFailures(tx, { ...anyFailure, ...next, states, limit: PAGE_SIZE });
  // Their rows may be published just now: what is settled is what they are once locked.
  const names = page.map(({ name }) => name);
  await settleAnew(tx, await lockFailures(tx, names), now);
  const { openTime, name } = page.at(-1) ?? {};
  await saveSettled(tx, next.app, page.length === PAGE_SIZE ? { openTime: openTime!, name: name! } : undefined);
}

/** Takes over what people said of failures. */
export async function applyJudgements(tx: Db, said: Judgement[], now: Date): Promise<void> {
  await changeLives(tx);
  await saveJudgements(tx, said);
  const names = said.map(({ failure }) => failure);
  await settleAnew(tx, await lockFailures(tx, names), now);
}

async function settleAnew(tx: Db, failures: KeptFailure[], now: Date): Promise<void> {
  const settled = await settleChanged(tx, failures, now);
  const changed = settled.filter((failure, i) => hasSettledAnew(failures[i]!, failure));
  await upsertFailures(
    tx,
    changed.map((failure) => ({ ...failure, seq: failure.seq + 1n })),
  );
}
