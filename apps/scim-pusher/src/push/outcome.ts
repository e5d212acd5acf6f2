import { randomBytes } from 'node:crypto';
import { Outcome, Outcome_Action, Outcome_Result, type DirectoryUser } from '@autoprov/proto';
import { toCloudEvent } from '@autoprov/kafka';
import { addToOutbox, isUniqueViolation, type Db } from '@autoprov/postgres';
import { digestOf, type ScimUser } from '@autoprov/scim';
import { makeFailure, type ScimFailure } from './scim-failure.ts';
import type { Decision } from '../domain/decide.ts';
import { aliasesOf } from '../domain/aliases.ts';
import type { Danger } from '../domain/guard.ts';
import { othersAccount, type Match } from '../domain/match.ts';
import { appNameOf, type Account, type AppSetup } from '../domain/model.ts';
import { nextAttempt } from '../domain/retry.ts';
import { saveAcceptances, saveRefusal, saveWithdrawal, type Acceptance } from '../store/accounts.ts';
import { wakeParked, wakeReferring } from '../store/due-people.ts';
import { saveAttempts } from '../store/attempts.ts';
import { saveGuardedChanges } from '../store/guarded-changes.ts';
import { endHeldActions } from '../store/held-actions.ts';
import { referencesIn } from './decide-people.ts';
import { recordUnlessDown, recordDoubtful, type Pass } from './pass.ts';

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
  /** Something of it that is about the account may do harm and is held: the decision is what is left. */
  isHeld?: boolean;
  /** What looking for an account came to, where that has been done. */
  match?: Match;
  /** Pushed groups whose member the person is at the service provider, and no longer in the directory. */
  lostGroups?: string[];
  /** Those of them that the person is taken out of: see noteMemberships. */
  leavesGroups?: string[];
};

/** What the service provider accepted for one person, or was found to have. */
export type Accepted = {
  turn: Turn;
  action: Outcome_Action;
  acceptance: Omit<Acceptance, 'userId' | 'parked'>;
};

/** An active account that is as it should be. */
export function acceptedAs(desired: ScimUser) {
  return { state: 'active' as const, accepted: desired, acceptedDigest: digestOf(desired) };
}

/**
 * Stores that the service provider accepted, and says so; wakes those who waited for this account.
 *
 * @returns whether that is so: an account that is linked to another person is a failure of this one
 */
export async function recordAccepted(
  pass: Pass,
  turn: Turn,
  action: Outcome_Action,
  acceptance: Accepted['acceptance'],
): Promise<boolean> {
  try {
    await recordAllAccepted(pass, [{ turn, action, acceptance }]);
  } catch (err) {
    if (!isUniqueViolation(err, 'accounts_scim_id')) throw err;
    await recordFailed(pass, turn, action, linkedElsewhere(action, acceptance.scimId));
    return false;
  }
  pass.outagesInRow = 0;
  await recordDoubtful(pass);
  return true;
}

/** The same for many people at once, about whom nothing was asked: each of the accounts must be linked to nobody else. */
export async function recordAllAccepted(pass: Pass, accepted: readonly Accepted[]): Promise<void> {
  const { app } = pass;
  const now = pass.ctx.now();
  for (const { acceptance } of accepted) if (acceptance.state === 'deleted') pass.endedScimIds.add(acceptance.scimId);
  const acceptances = accepted.map(({ turn, acceptance }) => ({
    ...acceptance,
    userId: turn.userId,
    parked: turn.decision.parked,
    ...(namesEnded(pass, turn) && { dueAt: now }),
  }));
  // Whoever waits for them may be told at once.
  const named = accepted.flatMap(({ turn, acceptance }) =>
    acceptance.origin ? [turn.user.primaryEmail, turn.userId, ...aliasesOf(turn.user)] : [],
  );
  await pass.write(async (tx) => {
    const seqs = await saveAcceptances(tx, app, app.revision, acceptances, now);
    for (const { turn } of accepted) await saveLetGo(tx, pass, turn);
    if (named.length > 0) await wakeParked(tx, app, named, now);
    for (const { scimId, state } of acceptances) if (state === 'deleted') await wakeReferring(tx, app, scimId, now);
    const result = Outcome_Result.RESULT_ACCEPTED;
    await addOutcomes(
      tx,
      pass,
      accepted.map(({ turn, action }) => ({
        turn,
        outcome: { action, result, seq: seqs.get(turn.userId)!, occurTime: now },
      })),
    );
  });
}

/** Whether the account of somebody whom this person refers to has ended since it was decided. */
function namesEnded(pass: Pass, { user, references }: Turn): boolean {
  if (pass.endedScimIds.size === 0) return false;
  return referencesIn(pass, [user]).some((reference) => pass.endedScimIds.has(references.get(reference) ?? ''));
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

/** Two people match one account; or a create was answered with one that is there, whoever it belongs to. */
function linkedElsewhere(action: Outcome_Action, scimId: string): ScimFailure {
  const detail =
    action === Outcome_Action.ACTION_ADOPT
      ? othersAccount(scimId)
      : `the service provider answered with the account of another person (${scimId}): check both there`;
  return makeFailure('DUPLICATE', detail);
}

/**
 * Stores that a push failed, with its next attempt, and says so; see recordUnlessDown. What may have been done all the same
 * counts for the guard.
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
  await recordUnlessDown(pass, failure, () => storeFailure(pass, turn, action, failure, keepIntent));
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

function addOutcome(tx: Db, pass: Pass, turn: Turn, outcome: Partial<Outcome>): Promise<void> {
  return addOutcomes(tx, pass, [{ turn, outcome }]);
}

async function addOutcomes(
  tx: Db,
  { ctx, app }: Pass,
  outcomes: readonly { turn: Turn; outcome: Partial<Outcome> }[],
): Promise<void> {
  const messages = outcomes.map(({ turn, outcome }) =>
    makeOutcome(app, { user: `customers/${app.customerId}/users/${turn.userId}`, ...outcome }),
  );
  const attempts = outcomes.map(({ turn: { userId, decision } }, i) => ({
    userId,
    outcome: messages[i]!,
    explanation: decision.explanation,
  }));
  await saveAttempts(tx, app, attempts);
  await addToOutbox(
    tx,
    messages.map((message) => toCloudEvent(ctx.origin, { kind: 'outcome', message })),
  );
  ctx.wakeOutbox();
}

/** What is said of one push. */
export function makeOutcome(app: AppSetup, outcome: Partial<Outcome>): Outcome {
  return {
    ...Outcome.fromPartial({}),
    app: appNameOf(app),
    setupRevision: app.revision,
    traceId: randomBytes(16).toString('hex'),
    ...outcome,
  };
}
