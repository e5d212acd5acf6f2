import { Outcome_Action } from '@autoprov/proto';
import { managedPart, mapUser } from '@autoprov/mapping';
import { codeOf, digestOf, type JsonObject, type ScimUser } from '@autoprov/scim';
import type { Decision } from '../domain/decide.ts';
import { findDangers } from '../domain/guard.ts';
import { linkAccount } from '../domain/link-account.ts';
import type { Match } from '../domain/match.ts';
import { dropIntent, saveIntents, saveWaits } from '../store/accounts.ts';
import { decideAdoption } from './decide-people.ts';
import { findMatch } from './find-match.ts';
import { recordAccepted, recordFailed, recordWithdrawn, type Turn } from './outcome.ts';
import type { Pass } from './pass.ts';
import type { ScimFailure } from './scim-client.ts';
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
      return intentAt && findLostAccount(pass, turn);
    case 'refuse':
      // Nothing was sent: whether an earlier create happened is asked when something can be sent again.
      return recordFailed(pass, turn, actionOf(turn), refusal(decision), hasOpenIntent(turn));
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
  const found = await findMatch(pass, turn.userId, wanted, { ours: true, live: true });
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

async function create(pass: Pass, turn: Turn, decision: Deciding<'create'>): Promise<void> {
  // An intent of an earlier pass: that create may have happened.
  const ours = hasOpenIntent(turn);
  const formerScimId = turn.account.scimId;
  const found = await findMatch(pass, turn.userId, decision.desired, { ours, live: ours, formerScimId });
  if (!found.ok) return recordFailed(pass, turn, Outcome_Action.ACTION_CREATE, found.failure, ours);
  if (found.match.do !== 'create') return settleMatch(pass, turn, found.match);
  const written = await createAccount(pass, decision.desired);
  if (written.ok) {
    return recordAccepted(pass, turn, Outcome_Action.ACTION_CREATE, {
      ...acceptedAs(decision.desired),
      scimId: written.scimId,
      origin: 'created',
    });
  }
  if (written.failure.reason === 'DUPLICATE') return adoptAfterRefusal(pass, turn, decision, written.failure);
  if (written.failure.unknownEnd) await renewIntent(pass, turn);
  await recordFailed(pass, turn, Outcome_Action.ACTION_CREATE, written.failure, written.failure.unknownEnd);
}

/** From now on it may be on its way into the service provider's index; it waited for its turn since it was intended. */
async function renewIntent({ ctx, app, write }: Pass, { userId }: Turn): Promise<void> {
  if (ctx.settings.intents) await write((tx) => saveIntents(tx, app, [userId], ctx.now()));
}

/** The service provider knows somebody like this whom no look-up found before: it is looked up once more, live. */
async function adoptAfterRefusal(pass: Pass, turn: Turn, decision: Deciding<'create'>, refusal: ScimFailure) {
  const found = await findMatch(pass, turn.userId, decision.desired, {
    ours: false,
    live: true,
    formerScimId: turn.account.scimId,
  });
  if (!found.ok || found.match.do === 'create') {
    return recordFailed(pass, turn, Outcome_Action.ACTION_CREATE, found.ok ? refusal : found.failure);
  }
  return settleMatch(pass, turn, found.match);
}

async function settleMatch(pass: Pass, turn: Turn, match: Exclude<Match, { do: 'create' }>) {
  if (match.do === 'adopt') return adopt(pass, turn, match);
  if (match.do === 'skip') {
    await recordWithdrawn(pass, turn);
    return pass.write((tx) => saveWaits(tx, pass.app, [{ userId: turn.userId, parked: [] }], pass.ctx.now()));
  }
  const { reason, detail } = match;
  const failure: ScimFailure = { code: codeOf(reason)!, reason, retryable: false, detail, httpStatus: 0 };
  return recordFailed(pass, turn, Outcome_Action.ACTION_ADOPT, failure, hasOpenIntent(turn));
}

/**
 * Links the person to the account that was found, and changes what differs. What of that may do harm is the guard's to judge,
 * with all others of its kind: then the account is linked as it is, and the next pass decides.
 */
async function adopt(pass: Pass, turn: Turn, match: Extract<Match, { do: 'adopt' }>): Promise<void> {
  const { ctx, app } = pass;
  const { scimId } = match;
  const linked = linkAccount(app.setup, turn.account, match);
  const decision = decideAdoption({ app, ...turn }, linked, ctx.now());
  // Our own account, found again after a crash, was created, not adopted; so was one that was put aside.
  const ours = hasOpenIntent(turn) || scimId === turn.account.scimId;
  const action = ours ? Outcome_Action.ACTION_CREATE : Outcome_Action.ACTION_ADOPT;
  const link = {
    scimId,
    origin: ours ? ('created' as const) : ('adopted' as const),
    keepsExternalId: match.keepExternalId,
  };
  if (findDangers(app.setup, decision, linked).length > 0) {
    pass.linked.add(turn.userId);
    const { state, accepted, acceptedDigest } = linked;
    return recordAccepted(pass, turn, action, { ...link, state, accepted, acceptedDigest, dueAt: ctx.now() });
  }
  const { desired = linked.accepted } = decision;
  const changes = 'changes' in decision ? decision.changes : [];
  const written = changes.length > 0 ? await changeAccount(pass, scimId, desired, changes) : { ok: true as const };
  if (!written.ok) return recordFailed(pass, turn, Outcome_Action.ACTION_ADOPT, written.failure, hasOpenIntent(turn));
  await recordAccepted(pass, turn, action, { ...link, ...acceptedAs(desired) });
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

function acceptedAs(desired: ScimUser) {
  return { state: 'active' as const, accepted: desired, acceptedDigest: digestOf(desired) };
}

function timersOf({ trigger, triggerAt, dueAt }: Decision) {
  return { ...(trigger && { trigger }), ...(triggerAt && { triggerAt }), ...(dueAt && { dueAt }) };
}

function actionOf({ decision, account }: Turn): Outcome_Action {
  if (decision.do === 'reactivate') return Outcome_Action.ACTION_REACTIVATE;
  return account.scimId === undefined ? Outcome_Action.ACTION_CREATE : Outcome_Action.ACTION_UPDATE;
}

function refusal({ reason, detail }: Deciding<'refuse'>): ScimFailure {
  return { code: codeOf(reason)!, reason, retryable: false, detail, httpStatus: 0 };
}
