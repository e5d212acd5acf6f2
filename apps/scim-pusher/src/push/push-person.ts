import { Outcome_Action } from '@autoprov/proto';
import { managedPart, mapUser } from '@autoprov/mapping';
import { digestOf, type JsonObject, type ScimUser } from '@autoprov/scim';
import type { Decision } from '../domain/decide.ts';
import type { Match } from '../domain/match.ts';
import { isDoubtful } from '../domain/model.ts';
import { dropIntent, saveIntents, saveWaits, saveWritesBegun } from '../store/accounts.ts';
import { findMatch } from './find-match.ts';
import { afterLink, linkTo } from './link.ts';
import { acceptedAs, recordAccepted, recordFailed, recordWithdrawn, type Turn } from './outcome.ts';
import type { Pass } from './pass.ts';
import { makeFailure, type ScimFailure } from './scim-failure.ts';
import { saysVanished, settleVanished } from './vanished.ts';
import { changeAccount, createAccount, deleteAccount } from './write-account.ts';

type Deciding<Kind extends Decision['do']> = Extract<Decision, { do: Kind }>;

/** Does what was decided for one person, and records what came of it. */
export async function pushPerson(pass: Pass, turn: Turn): Promise<void> {
  if (pass.down) return;
  const { decision } = turn;
  const { intentAt } = turn.account;
  if (intentAt && !isSettled(pass, intentAt)) return waitUntilSettled(pass, turn, intentAt);
  switch (decision.do) {
    case 'nothing':
      if (intentAt) return findLostAccount(pass, turn);
      return isLookedAt(turn) ? lookAtAccount(pass, turn, decision) : undefined;
    case 'refuse':
      // Nothing was sent: whether an earlier create happened is asked when something can be sent again.
      return recordFailed(
        pass,
        turn,
        actionOf(turn),
        makeFailure(decision.reason, decision.detail),
        hasOpenIntent(turn),
      );
    case 'create':
      return create(pass, turn, decision);
    case 'update':
    case 'reactivate':
      return update(pass, turn, decision);
    case 'suspend':
      return suspend(pass, turn, decision);
    case 'delete':
      return remove(pass, turn, decision);
  }
}

/** A create of an earlier pass may have happened: only a link, or a look that finds nothing, ends that. */
function hasOpenIntent({ account }: Turn): boolean {
  return account.intentAt !== undefined;
}

/** A create that was under way when its sender died may still be on its way into the service provider's index. */
function isSettled({ ctx }: Pass, intentAt: Date): boolean {
  return intentAt.getTime() + ctx.settings.settleMs <= ctx.now().getTime();
}

function waitUntilSettled(pass: Pass, turn: Turn, intentAt: Date): Promise<void> {
  const dueAt = new Date(intentAt.getTime() + pass.ctx.settings.settleMs);
  return pass.write((tx) => saveWaits(tx, pass.app, [{ userId: turn.userId, parked: [], dueAt }], pass.ctx.now()));
}

/**
 * The person needs no account any more, but a create was begun whose end is not known: if there is an account, it is
 * linked, and what should become of it is decided next.
 */
async function findLostAccount(pass: Pass, turn: Turn): Promise<void> {
  const rows = pass.app.setup.attributeMapping?.rows ?? [];
  const wanted = mapUser(rows, (turn.user.attributes ?? {}) as JsonObject, new Map()).resource as ScimUser;
  const found = await findMatch(pass, turn, wanted, { ours: true });
  if (!found.ok) return recordFailed(pass, turn, Outcome_Action.ACTION_CREATE, found.failure, true);
  if (found.match.do !== 'adopt') {
    await recordWithdrawn(pass, turn);
    return pass.write((tx) => dropIntent(tx, pass.app, turn.userId));
  }
  const { resource, scimId } = found.match;
  await recordAccepted(pass, turn, Outcome_Action.ACTION_CREATE, {
    ...acceptedAs(managedPart(rows, resource as JsonObject) as ScimUser),
    scimId,
    origin: 'created',
    dueAt: pass.ctx.now(),
  });
}

/** Nothing is asked for of an account that may be there no more. What is held counts as not done until it is approved. */
export function isLookedAt({ decision, account, isHeld = false }: Turn): boolean {
  return decision.do === 'nothing' && isDoubtful(account) && !isHeld;
}

/**
 * Nothing is asked for, but a write was begun whose end is not known: what is there is looked at once, and stored as it is. Nothing
 * is written, for who should have no access must not get any back.
 */
async function lookAtAccount(pass: Pass, turn: Turn, decision: Decision): Promise<void> {
  const { scimId, accepted } = turn.account;
  const answer = await pass.scim.send('GET', `/Users/${encodeURIComponent(scimId!)}`);
  if (!answer.ok && saysVanished(answer.failure))
    return settleVanished(pass, turn, { ...accepted, active: false }, answer.failure);
  if (!answer.ok) return recordFailed(pass, turn, Outcome_Action.ACTION_UPDATE, answer.failure);
  const rows = pass.app.setup.attributeMapping?.rows ?? [];
  const found = managedPart(rows, (answer.body ?? {}) as JsonObject) as ScimUser;
  await recordAccepted(pass, turn, Outcome_Action.ACTION_UPDATE, {
    ...acceptedAs(found),
    ...(found.active === false && { state: 'suspended' }),
    scimId: scimId!,
    ...timersOf(decision),
  });
}

async function create(pass: Pass, turn: Turn, decision: Deciding<'create'>): Promise<void> {
  // An intent of an earlier pass: that create may have happened.
  const ours = hasOpenIntent(turn);
  const formerScimId = turn.account.scimId;
  const found = turn.match
    ? { ok: true as const, match: turn.match }
    : await findMatch(pass, turn, decision.desired, { ours, formerScimId });
  if (!found.ok) return recordFailed(pass, turn, Outcome_Action.ACTION_CREATE, found.failure, ours);
  if (found.match.do !== 'create') return settleMatch(pass, turn, found.match);
  if (ours) await renewIntent(pass, turn, decision.desired);
  const written = await createAccount(pass, decision.desired);
  if (written.ok) {
    const accepted = { ...acceptedAs(decision.desired), scimId: written.scimId, origin: 'created' as const };
    await recordAccepted(pass, turn, Outcome_Action.ACTION_CREATE, accepted);
    return;
  }
  if (written.failure.reason === 'DUPLICATE') return adoptAfterRefusal(pass, turn, decision, written.failure);
  if (written.failure.unknownEnd) await renewIntent(pass, turn, decision.desired);
  await recordFailed(pass, turn, Outcome_Action.ACTION_CREATE, written.failure, written.failure.unknownEnd);
}

/** From now on it may be on its way into the service provider's index; it waited for its turn since it was intended. */
async function renewIntent({ ctx, app, write }: Pass, { userId }: Turn, intended: ScimUser): Promise<void> {
  if (ctx.settings.intents) await write((tx) => saveIntents(tx, app, [{ userId, intended }], ctx.now()));
}

/** The service provider knows somebody like this whom no look-up found before: it is looked up once more, live. */
async function adoptAfterRefusal(pass: Pass, turn: Turn, decision: Deciding<'create'>, refusal: ScimFailure) {
  const formerScimId = turn.account.scimId;
  const found = await findMatch(pass, turn, decision.desired, { ours: false, formerScimId });
  if (!found.ok || found.match.do === 'create') {
    return recordFailed(pass, turn, Outcome_Action.ACTION_CREATE, found.ok ? refusal : found.failure);
  }
  return settleMatch(pass, turn, found.match);
}

async function settleMatch(pass: Pass, turn: Turn, match: Exclude<Match, { do: 'create' }>) {
  if (match.do === 'adopt') return adopt(pass, turn, match);
  // No create is begun: an intent that stayed would make the account ours at the next look-up.
  if (match.do === 'skip') {
    await recordWithdrawn(pass, turn);
    return pass.write((tx) => dropIntent(tx, pass.app, turn.userId));
  }
  const { reason, detail } = match;
  return recordFailed(pass, turn, Outcome_Action.ACTION_ADOPT, makeFailure(reason, detail), hasOpenIntent(turn));
}

/** Links the person to the account that was found, and changes what differs. */
async function adopt(pass: Pass, turn: Turn, match: Extract<Match, { do: 'adopt' }>): Promise<void> {
  const link = linkTo(pass, turn, match);
  const isLinked = await recordAccepted(pass, turn, link.action, link.acceptance);
  const next = isLinked ? afterLink(pass, link) : undefined;
  if (!next) return;
  const { app, ctx } = pass;
  if (ctx.settings.intents) await pass.write((tx) => saveWritesBegun(tx, app, [next.userId], ctx.now()));
  await pushPerson(pass, next);
}

async function update(pass: Pass, turn: Turn, decision: Deciding<'update' | 'reactivate'>): Promise<void> {
  const scimId = turn.account.scimId!;
  const readFirst = turn.account.writeBegunAt !== undefined;
  const written = await changeAccount(pass, scimId, decision.desired, decision.changes, { readFirst });
  if (!written.ok && saysVanished(written.failure))
    return settleVanished(pass, turn, decision.desired, written.failure);
  if (!written.ok) return recordFailed(pass, turn, actionOf(turn), written.failure);
  await recordAccepted(pass, turn, actionOf(turn), { ...acceptedAs(decision.desired), scimId });
}

async function suspend(pass: Pass, turn: Turn, decision: Decision): Promise<void> {
  // Nothing is left to suspend or to delete later: who returns is created again, or found put aside.
  if (pass.app.profile.suspendByDelete) return remove(pass, turn, decision, Outcome_Action.ACTION_SUSPEND);
  const { scimId, accepted } = turn.account;
  const desired = { ...accepted, active: false };
  const changes = [{ op: 'replace' as const, path: 'active', value: false }];
  const written = await changeAccount(pass, scimId!, desired, changes);
  if (!written.ok && saysVanished(written.failure)) return settleVanished(pass, turn, desired, written.failure);
  if (!written.ok) return recordFailed(pass, turn, Outcome_Action.ACTION_SUSPEND, written.failure);
  await recordAccepted(pass, turn, Outcome_Action.ACTION_SUSPEND, {
    scimId: scimId!,
    state: 'suspended',
    accepted: desired,
    acceptedDigest: digestOf(desired),
    ...timersOf(decision),
  });
}

async function remove(
  pass: Pass,
  turn: Turn,
  decision: Decision,
  action: Outcome_Action = Outcome_Action.ACTION_DELETE,
): Promise<void> {
  const scimId = turn.account.scimId!;
  const written = await deleteAccount(pass, scimId);
  if (!written.ok) return recordFailed(pass, turn, action, written.failure);
  await recordAccepted(pass, turn, action, { scimId, state: 'deleted', ...timersOf(decision) });
}

function timersOf({ trigger, triggerAt, dueAt }: Decision) {
  return { ...(trigger && { trigger }), ...(triggerAt && { triggerAt }), ...(dueAt && { dueAt }) };
}

function actionOf({ decision, account }: Turn): Outcome_Action {
  if (decision.do === 'reactivate') return Outcome_Action.ACTION_REACTIVATE;
  return account.scimId === undefined ? Outcome_Action.ACTION_CREATE : Outcome_Action.ACTION_UPDATE;
}
