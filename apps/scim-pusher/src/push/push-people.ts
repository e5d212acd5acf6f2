import type { DirectoryUser } from '@autoprov/proto';
import type { Decision } from '../domain/decide.ts';
import type { Account } from '../domain/model.ts';
import { orderByReference } from '../domain/order-by-reference.ts';
import { findScimIds, saveIntents, saveWaits, saveWritesBegun } from '../store/accounts.ts';
import { saveRemovalsKeptBack } from '../store/apps.ts';
import { findUserIds, findUsers } from '../store/users.ts';
import { adoptListed } from './adopt-listed.ts';
import { decideFor, idOf, referencesIn } from './decide-people.ts';
import { guardTurns } from './guard.ts';
import { noteMemberships } from './note-memberships.ts';
import { recordWithdrawn, type Turn } from './outcome.ts';
import { judgeDoubtful, type Pass } from './pass.ts';
import { isLookedAt, pushPerson } from './push-person.ts';

/** People who are referred to are pushed before those who refer to them, over so many steps of reference. */
const referenceDepth = 10;
const removalRetryMs = 10_000;

/** Decides and pushes some people; those they refer to come first, so that most need one write only. */
export async function pushPeople(pass: Pass, userIds: readonly string[]): Promise<void> {
  for (const level of orderByReference(await collectReferences(pass, userIds))) {
    if (pass.down) return;
    await pass.assertGoesOn();
    await pushLevel(pass, await findUsers(pass.ctx.pool, pass.app.customerId, level));
  }
  await judgeDoubtful(pass);
}

/**
 * Whom each of these people refers to, as far as those have no account yet; such people are part of the answer, with
 * whom they refer to in turn.
 */
async function collectReferences(pass: Pass, userIds: readonly string[]): Promise<Map<string, string[]>> {
  const { ctx, app } = pass;
  const refersTo = new Map<string, string[]>();
  let next = [...userIds];
  for (let depth = 0; depth <= referenceDepth && next.length > 0; depth++) {
    const users = await findUsers(ctx.pool, app.customerId, next);
    const named = await findUserIds(ctx.pool, app.customerId, referencesIn(pass, users));
    const linked = await findScimIds(ctx.pool, app, [...named.values()]);
    for (const user of users) {
      const ids = referencesIn(pass, [user]).flatMap((reference) => named.get(reference) ?? []);
      refersTo.set(
        idOf(user),
        ids.filter((id) => !linked.has(id)),
      );
    }
    next = [...new Set([...refersTo.values()].flat())].filter((id) => !refersTo.has(id));
  }
  return refersTo;
}

async function pushLevel(pass: Pass, users: readonly DirectoryUser[]): Promise<void> {
  const turns = await guardTurns(pass, await decideFor(pass, users));
  await noteMemberships(pass, turns);
  const waiting = turns.filter(({ decision, account }) => decision.do === 'nothing' && account.intentAt === undefined);
  await settleWaiting(pass, waiting);
  const waits = new Set(waiting);
  const removals = turns.filter(endsAccess);
  const others = await adoptListed(
    pass,
    turns.filter((turn) => (!waits.has(turn) || isLookedAt(turn)) && !endsAccess(turn)),
  );
  if (pass.removalsHeld && removals.length > 0) await keepBack(pass, removals.splice(0), pass.removalsHeld);
  if (pass.ctx.settings.intents) await noteWhatIsBegun(pass, [...removals, ...others]);
  // Loss of access goes first: it is what cannot wait.
  for (const batch of [removals, others]) {
    await pushAll(pass, batch);
  }
}

/** A process may die in the middle, and answers be lost: whoever comes next must know what may have been done. */
async function noteWhatIsBegun(pass: Pass, turns: readonly Turn[]): Promise<void> {
  const creating = turns.flatMap((turn) =>
    isFirstCreate(turn) ? [{ userId: turn.userId, intended: turn.decision.desired }] : [],
  );
  const writing = turns.filter(writesToAccount).map(({ userId }) => userId);
  if (creating.length + writing.length === 0) return;
  const now = pass.ctx.now();
  await pass.write(async (tx) => {
    if (creating.length > 0) await saveIntents(tx, pass.app, creating, now);
    if (writing.length > 0) await saveWritesBegun(tx, pass.app, writing, now);
  });
}

/** Waits for every one even if one throws: nothing of a pass may outlive it. */
async function pushAll(pass: Pass, turns: readonly Turn[]): Promise<void> {
  const results = await Promise.allSettled(turns.map((turn) => pushPerson(pass, turn)));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

/**
 * Loss of access waits while config does not answer, for the app may have been deactivated meanwhile, and under a hold: when
 * that has ended, everybody is decided again.
 */
async function keepBack(pass: Pass, turns: readonly Turn[], why: NonNullable<Pass['removalsHeld']>): Promise<void> {
  const dueAt = why === 'hold' ? undefined : new Date(pass.ctx.now().getTime() + removalRetryMs);
  const waits = turns.map(({ userId, decision: { trigger, triggerAt, parked } }) => ({
    userId,
    parked,
    ...(trigger && { trigger }),
    ...(triggerAt && { triggerAt }),
    ...(dueAt && { dueAt }),
  }));
  await pass.write(async (tx) => {
    await saveWaits(tx, pass.app, waits, pass.ctx.now());
    if (why === 'hold') await saveRemovalsKeptBack(tx, pass.app, true);
  });
}

/** Nothing is sent for these; timers, references and withdrawn failures are written down where they changed. */
async function settleWaiting(pass: Pass, turns: readonly Turn[]): Promise<void> {
  const now = pass.ctx.now();
  const waits = turns
    .filter((turn) => hasRow(turn.account) && (changesWait(turn.decision, turn.account) || isLookedAt(turn)))
    // Due until it has been looked at.
    .map((turn) => ({ userId: turn.userId, ...pick(turn.decision), ...(isLookedAt(turn) && { dueAt: now }) }));
  if (waits.length > 0) await pass.write((tx) => saveWaits(tx, pass.app, waits, now));
  for (const turn of turns) await recordWithdrawn(pass, turn);
}

function pick({ trigger, triggerAt, dueAt, parked }: Decision) {
  return { parked, ...(trigger && { trigger }), ...(triggerAt && { triggerAt }), ...(dueAt && { dueAt }) };
}

function changesWait(decision: Decision, account: Account): boolean {
  return (
    decision.trigger !== account.trigger ||
    decision.dueAt?.getTime() !== account.dueAt?.getTime() ||
    decision.parked.join() !== account.parked.join()
  );
}

function hasRow(account: Account): boolean {
  return account.state !== 'none' || account.dueAt !== undefined || account.attempt > 0;
}

function isFirstCreate(turn: Turn): turn is Turn & { decision: { do: 'create' } } {
  const { decision, account, match } = turn;
  return decision.do === 'create' && account.intentAt === undefined && (match?.do ?? 'create') === 'create';
}

function writesToAccount(turn: Turn): boolean {
  return endsAccess(turn) || turn.decision.do === 'update' || turn.decision.do === 'reactivate';
}

function endsAccess({ decision }: Turn): boolean {
  return decision.do === 'suspend' || decision.do === 'delete';
}
