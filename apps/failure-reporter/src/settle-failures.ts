import type { Db } from '@autoprov/postgres';
import type { KeptFailure } from './domain/failure.ts';
import { hasSettledAnew, isFailing, settle, type Judgement, type SetupLife } from './domain/settle.ts';
import { lockFailingOfApp, lockFailures, upsertFailures } from './store/failures.ts';
import { findJudgements, saveJudgements } from './store/judgements.ts';
import { changeLives, findSetupLives, saveSetupLife } from './store/setups.ts';

const PAGE_SIZE = 1000;

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

/** Takes over what config told of setups, and ends or opens the failures of these apps. */
export async function applySetupLives(tx: Db, told: SetupLife[], now: Date): Promise<void> {
  await changeLives(tx);
  for (const life of told) {
    if (!(await saveSetupLife(tx, life))) continue;
    let after = '';
    let more = true;
    while (more) {
      const page = await lockFailingOfApp(tx, life.app, after, PAGE_SIZE);
      await settleAnew(tx, page, now);
      after = page.at(-1)?.name ?? '';
      more = page.length === PAGE_SIZE;
    }
  }
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
