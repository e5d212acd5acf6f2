import type { Db } from '@autoprov/postgres';
import { MatchingPolicy_OnVanished, Outcome_Action } from '@autoprov/proto';
import type { ScimUser } from '@autoprov/scim';
import { allowedCount, limitsOf } from '../domain/guard.ts';
import { linkAccount } from '../domain/link-account.ts';
import type { Match } from '../domain/match.ts';
import { saveVanishing } from '../store/accounts.ts';
import { wakeReferring } from '../store/due-people.ts';
import { countVanished, readGuardUsage, saveVanished } from '../store/guarded-changes.ts';
import { findMatch } from './find-match.ts';
import { recordAccepted, recordFailed, type Turn } from './outcome.ts';
import type { Pass } from './pass.ts';
import { makeFailure, type ScimFailure } from './scim-failure.ts';

/** A SCIM server says that there is no such resource (RFC 7644 §3.12); a page that anybody may have sent says nothing. */
export function saysVanished({ reason, httpStatus, speaksScim }: ScimFailure): boolean {
  return reason === 'NOT_FOUND' && (httpStatus === 404 || httpStatus === 410) && speaksScim === true;
}

/**
 * Settles what to do with an account that the service provider says it has not. One answer is no proof: it is asked once more by the
 * id, and for the person by the attributes compared. Who is there under another id is linked again; who is nowhere has no
 * access, which is what a removal wants, and else is made anew, as the policy says.
 */
export async function settleVanished(pass: Pass, turn: Turn, wanted: ScimUser, failure: ScimFailure): Promise<void> {
  const scimId = turn.account.scimId!;
  const isRemoval = wanted.active === false;
  const action = isRemoval ? Outcome_Action.ACTION_SUSPEND : Outcome_Action.ACTION_UPDATE;
  const again = await pass.scim.send('GET', `/Users/${encodeURIComponent(scimId)}`);
  if (again.ok) return recordFailed(pass, turn, action, failure);
  if (!saysVanished(again.failure)) return recordFailed(pass, turn, action, again.failure);
  const found = await findMatch(pass, turn, wanted, { ours: false, formerScimId: scimId });
  if (!found.ok) return recordFailed(pass, turn, action, found.failure);
  const { match } = found;
  if (match.do === 'adopt' && match.scimId === scimId) {
    // Its list still shows what its own answers say is gone: an index that lags.
    return recordFailed(pass, turn, action, { ...failure, retryable: true });
  }
  if (match.do === 'adopt') return linkAgain(pass, turn, match);
  if (match.do === 'fail') {
    const { reason, detail } = match;
    return recordFailed(pass, turn, action, makeFailure(reason, detail));
  }
  if (isRemoval) return void (await recordAccepted(pass, turn, action, { scimId, state: 'deleted' }));
  const refusal = await whyNotAnew(pass);
  if (refusal !== undefined) return recordFailed(pass, turn, action, { ...failure, detail: refusal });
  const now = pass.ctx.now();
  await pass.write(async (tx) => {
    await saveVanished(tx, pass.app, turn.userId, now);
    await saveVanishing(tx, pass.app, turn.userId, now);
    await endAccount(tx, pass, scimId);
  });
}

/** The link leads to the account that was found, as it is; what is to be changed about it is decided at once. */
async function linkAgain(pass: Pass, turn: Turn, match: Extract<Match, { do: 'adopt' }>): Promise<void> {
  const { scimId, state, accepted, acceptedDigest } = linkAccount(pass.app.setup, turn.account, match);
  const isLinked = await recordAccepted(pass, turn, Outcome_Action.ACTION_ADOPT, {
    scimId,
    state,
    accepted,
    acceptedDigest,
    origin: 'adopted',
    keepsExternalId: match.keepExternalId,
    dueAt: pass.ctx.now(),
  });
  const former = turn.account.scimId!;
  if (isLinked && scimId !== former) await pass.write((tx) => endAccount(tx, pass, former));
}

/** Whoever names it as the manager's is decided again. */
async function endAccount(tx: Db, pass: Pass, scimId: string): Promise<void> {
  pass.endedScimIds.add(scimId);
  await wakeReferring(tx, pass.app, scimId, pass.ctx.now());
}

/** Many that vanish at once are rather another tenant behind the same URL than many people's accounts. */
async function whyNotAnew(pass: Pass): Promise<string | undefined> {
  if (pass.app.setup.matching?.onVanished === MatchingPolicy_OnVanished.ON_VANISHED_FAIL) {
    return 'the account is not there any more, and the policy makes none anew: make it there, or allow it in matching.on_vanished';
  }
  pass.anew ??= readAnew(pass);
  const anew = await pass.anew;
  if (anew.left <= 0) {
    return `more than ${anew.allowed} accounts are not there any more: check that the endpoint is still the same tenant; as many again are made anew in the next window`;
  }
  anew.left--;
  return undefined;
}

async function readAnew({ ctx, app }: Pass): Promise<{ allowed: number; left: number }> {
  const limits = limitsOf(app.setup.guard, ctx.settings.guard);
  const since = new Date(ctx.now().getTime() - limits.windowMs);
  const { accountCount } = await readGuardUsage(ctx.pool, app, since);
  const allowed = allowedCount(limits, accountCount);
  return { allowed, left: allowed - (await countVanished(ctx.pool, app, since)) };
}
