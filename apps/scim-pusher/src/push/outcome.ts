import { randomBytes } from 'node:crypto';
import { Outcome, Outcome_Result, type DirectoryUser, type Outcome_Action } from '@autoprov/proto';
import { toCloudEvent } from '@autoprov/kafka';
import { addToOutbox, isUniqueViolation, type Db } from '@autoprov/postgres';
import type { ScimFailure } from './scim-client.ts';
import type { Decision } from '../domain/decide.ts';
import type { Danger } from '../domain/guard.ts';
import { appNameOf, type Account } from '../domain/model.ts';
import { nextAttempt } from '../domain/retry.ts';
import {
  saveAcceptance,
  saveRefusal,
  saveWithdrawal,
  wakeParked,
  wakeReferring,
  type Acceptance,
} from '../store/accounts.ts';
import { saveAttempt } from '../store/attempts.ts';
import { saveGuardedChanges } from '../store/guarded-changes.ts';
import { endHeldActions } from '../store/held-actions.ts';
import { noteFailure, recordDoubtful, type Pass } from './pass.ts';

/** A person's turn: who, what was decided, what is known of the account. */
export type Turn = {
  userId: string;
  user: DirectoryUser;
  decision: Decision;
  account: Account;
  /** The service provider's id for each reference that it was decided with. */
  references: ReadonlyMap<string, string>;
  /** What of it may do harm and is let go; `heldNo`: by the approval of that row. */
  letGo?: { danger: Danger; heldNo?: bigint }[];
  /** Pushed groups whose member the person is at the service provider, and no longer in the directory. */
  lostGroups?: string[];
  /** Those of them that the person is taken out of: see noteMemberships. */
  leavesGroups?: string[];
};

/** Stores that the service provider accepted, and says so; wakes those who waited for this account. */
export async function recordAccepted(
  pass: Pass,
  turn: Turn,
  action: Outcome_Action,
  acceptance: Omit<Acceptance, 'userId' | 'revision' | 'parked' | 'now'>,
): Promise<void> {
  const now = pass.ctx.now();
  const { userId, decision } = turn;
  const stored = pass.write(async (tx) => {
    const seq = await saveAcceptance(tx, pass.app, {
      ...acceptance,
      userId,
      revision: pass.app.revision,
      parked: decision.parked,
      now,
    });
    await saveLetGo(tx, pass, turn);
    if (acceptance.origin) await wakeParked(tx, pass.app, [turn.user.primaryEmail, userId], now);
    if (acceptance.state === 'deleted') await wakeReferring(tx, pass.app, acceptance.scimId, now);
    await addOutcome(tx, pass, turn, { action, result: Outcome_Result.RESULT_ACCEPTED, seq, occurTime: now });
  });
  try {
    await stored;
  } catch (err) {
    if (!isUniqueViolation(err, 'accounts_scim_id')) throw err;
    return recordFailed(pass, turn, action, othersAccount(acceptance.scimId));
  }
  pass.outagesInRow = 0;
  await recordDoubtful(pass);
}

/** With the acceptance itself, so that the guard's window misses nothing. */
async function saveLetGo(tx: Db, { app, ctx }: Pass, turn: Turn): Promise<void> {
  const now = ctx.now();
  await saveGuardedChanges(tx, app, turn.userId, countedDangers(turn), now);
  const applied = (turn.letGo ?? []).flatMap(({ danger, heldNo }) =>
    heldNo === undefined || danger === 'membership' ? [] : [{ heldNo, reason: 'applied' as const }],
  );
  await endHeldActions(tx, app, applied, now);
}

/** What somebody has approved does not count. */
function countedDangers({ letGo = [] }: Turn): Danger[] {
  // A lost membership is counted when it is noted, for no push of the account goes with it.
  return letGo.flatMap(({ danger, heldNo }) => (heldNo === undefined && danger !== 'membership' ? [danger] : []));
}

/** Some service providers answer a create with an account they have already, whoever it belongs to. */
function othersAccount(scimId: string): ScimFailure {
  const detail = `the service provider answered with the account of another person (${scimId}): check both there`;
  return { code: '45003', reason: 'DUPLICATE', retryable: false, detail, httpStatus: 0 };
}

/**
 * Stores that a push failed, with its next attempt, and says so. A failure of the service provider as a whole is not
 * the person's: it stands for the app, and the person waits. What looks like the beginning of an outage is stored when
 * it is clear that it is none, and not at all otherwise. What may have been done all the same counts for the guard.
 *
 * @param keepIntent the end of a create is not known: it is looked up before it is sent again
 */
export async function recordFailed(
  pass: Pass,
  turn: Turn,
  action: Outcome_Action,
  failure: ScimFailure,
  keepIntent = false,
): Promise<void> {
  const mayBeDone = failure.unknownEnd ? countedDangers(turn) : [];
  if (mayBeDone.length > 0) {
    await pass.write((tx) => saveGuardedChanges(tx, pass.app, turn.userId, mayBeDone, pass.ctx.now()));
  }
  noteFailure(pass, failure);
  if (pass.down) return;
  const record = (): Promise<void> => storeFailure(pass, turn, action, failure, keepIntent);
  if (pass.outagesInRow > 0) return void pass.doubtfulFailures.push(record);
  await recordDoubtful(pass);
  await record();
}

async function storeFailure(
  pass: Pass,
  turn: Turn,
  action: Outcome_Action,
  failure: ScimFailure,
  keepIntent: boolean,
): Promise<void> {
  const now = pass.ctx.now();
  const attempt = turn.account.attempt + 1;
  const dueAt = nextAttempt(attempt, failure.retryable, now);
  const detail = failure.detail ?? '';
  await pass.write(async (tx) => {
    const refusal = { userId: turn.userId, code: failure.code, reason: failure.reason, detail, attempt, dueAt };
    // What was not known before this attempt is not known after it.
    const isDoubtful = failure.unknownEnd === true || turn.account.writeBegunAt !== undefined;
    const seq = await saveRefusal(tx, pass.app, { ...refusal, parked: turn.decision.parked, keepIntent, isDoubtful });
    await addOutcome(tx, pass, turn, {
      action,
      result: Outcome_Result.RESULT_FAILED,
      seq,
      occurTime: now,
      code: failure.code,
      reason: failure.reason,
      retryable: failure.retryable,
      detail,
      httpStatus: failure.httpStatus,
      scimType: failure.scimType ?? '',
      attempt,
      nextAttemptTime: dueAt,
    });
  });
}

/** Says that a failed push, if there is one, is no longer asked for. */
export async function recordWithdrawn(pass: Pass, turn: Turn): Promise<void> {
  if (turn.account.failureCode === undefined) return;
  await pass.write(async (tx) => {
    const seq = await saveWithdrawal(tx, pass.app, turn.userId);
    await addOutcome(tx, pass, turn, { result: Outcome_Result.RESULT_WITHDRAWN, seq, occurTime: pass.ctx.now() });
  });
}

async function addOutcome(tx: Db, { ctx, app }: Pass, turn: Turn, outcome: Partial<Outcome>): Promise<void> {
  const message: Outcome = {
    ...Outcome.fromPartial({}),
    app: appNameOf(app),
    user: `customers/${app.customerId}/users/${turn.userId}`,
    setupRevision: app.revision,
    traceId: randomBytes(16).toString('hex'),
    ...outcome,
  };
  await saveAttempt(tx, app, turn.userId, message, turn.decision.explanation);
  await addToOutbox(tx, [toCloudEvent(ctx.origin, { kind: 'outcome', message })]);
  ctx.wakeOutbox();
}
