import { Outcome_Result, type Outcome, type Outcome_Action } from '@autoprov/proto';
import { toCloudEvent } from '@autoprov/kafka';
import { addToOutbox, type Db } from '@autoprov/postgres';

import { nextAttempt } from '../domain/retry.ts';
import {
  saveGroupDue,
  saveGroupInStep,
  saveGroupRefusal,
  saveGroupWithdrawal,
  type ScimGroup,
} from '../store/groups.ts';
import { recordUnlessDown, recordDoubtful, type Pass } from './pass.ts';
import type { ScimFailure } from './scim-failure.ts';
import { makeOutcome } from './outcome.ts';

/**
 * Stores that the group is in step, and says so where something was sent.
 *
 * @param action what was done; undefined: nothing was to be sent, and what failed is no longer asked for
 */
export async function recordGroupInStep(
  pass: Pass,
  group: ScimGroup,
  action: Outcome_Action | undefined,
): Promise<void> {
  const { ctx, app } = pass;
  const { groupId } = group;
  const now = ctx.now();
  await pass.write(async (tx) => {
    if (action !== undefined) {
      const seq = await saveGroupInStep(tx, app, groupId, now);
      return addOutcome(tx, pass, groupId, { action, result: Outcome_Result.RESULT_ACCEPTED, seq });
    }
    if (group.failureCode === undefined) return saveGroupDue(tx, app, groupId, undefined);
    await withdraw(tx, pass, groupId);
  });
  if (action === undefined) return;
  pass.outagesInRow = 0;
  await recordDoubtful(pass);
}

/** Says that a failed push of a group is no longer asked for. */
export async function withdraw(tx: Db, pass: Pass, groupId: string): Promise<void> {
  const seq = await saveGroupWithdrawal(tx, pass.app, groupId);
  await addOutcome(tx, pass, groupId, { result: Outcome_Result.RESULT_WITHDRAWN, seq });
}

/**
 * Stores that a push of a group failed, with its next attempt, and says so; see recordUnlessDown.
 */
export async function recordGroupFailed(
  pass: Pass,
  group: ScimGroup,
  action: Outcome_Action,
  failure: ScimFailure,
  keepIntent = false,
): Promise<void> {
  await recordUnlessDown(pass, failure, () => storeFailure(pass, group, action, failure, keepIntent));
}

async function storeFailure(
  pass: Pass,
  { groupId, attempt: attempts }: ScimGroup,
  action: Outcome_Action,
  failure: ScimFailure,
  keepIntent: boolean,
): Promise<void> {
  const { code, reason, retryable, httpStatus, scimType = '', detail = '' } = failure;
  const attempt = attempts + 1;
  const dueAt = nextAttempt(attempt, retryable, pass.ctx.now());
  await pass.write(async (tx) => {
    const refusal = { groupId, code, reason, detail, attempt, dueAt, keepIntent };
    const seq = await saveGroupRefusal(tx, pass.app, refusal);
    const result = Outcome_Result.RESULT_FAILED;
    const said = { code, reason, retryable, detail, httpStatus, scimType, attempt, nextAttemptTime: dueAt };
    await addOutcome(tx, pass, groupId, { action, result, seq, ...said });
  });
}

async function addOutcome(tx: Db, { ctx, app }: Pass, groupId: string, outcome: Partial<Outcome>): Promise<void> {
  const group = `customers/${app.customerId}/groups/${groupId}`;
  const message = makeOutcome(app, { group, occurTime: ctx.now(), ...outcome });
  await addToOutbox(tx, [toCloudEvent(ctx.origin, { kind: 'outcome', message })]);
  ctx.wakeOutbox();
}

/** Has the group looked at again after a while. */
export async function waitFor({ write, app, ctx }: Pass, { groupId }: ScimGroup, waitMs: number): Promise<void> {
  await write((tx) => saveGroupDue(tx, app, groupId, new Date(ctx.now().getTime() + waitMs)));
}
