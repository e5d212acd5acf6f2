import { setTimeout as pause } from 'node:timers/promises';
import type { CallContext } from '@autoprov/grpc';
import { inTransaction, type Db } from '@autoprov/postgres';
import type { RevokeAppAccessRequest, RevokeAppAccessResponse } from '@autoprov/proto';
import type { BrokerContext } from '../context.ts';
import { reportPassed } from '../report-checks.ts';
import { tryRevocation } from '../run-revocations.ts';
import { hasCredentialSince, type AppKey } from '../store/credentials.ts';
import { lockDelegation } from '../store/delegations.ts';
import { listDueRevocations, listRevocationsOf, saveRevocation } from '../store/revocations.ts';
import { withdrawCredential } from '../withdraw-credential.ts';
import { readApp } from './names.ts';
import { presentRevocation } from './present-revocation.ts';

const AT_ONCE = 100;
const TRY_FOR_MS = 8_000;
/** What is left of the caller's time for the answer. */
const ANSWER_MS = 1_000;

/**
 * Withdraws what was stored until the deletion. Its time is of the clock of config's database, and is compared with times of
 * the clock of ours. As a rule that is one server: then what a call stored after the deletion was answered is later, and
 * what was answered before the deletion is earlier or the same. Where each service has a server of its own, this is wrong
 * for what happened within the difference of their clocks: a new credential is withdrawn, and 17010 says so; or the deleted
 * setup's stays, sealed and listed, until it is replaced or deleted.
 */
export async function revokeAppAccess(
  ctx: BrokerContext,
  { app, lastSetup, deleteTime }: RevokeAppAccessRequest,
  { deadline }: CallContext,
): Promise<RevokeAppAccessResponse> {
  const key = readApp('app', app);
  const outcome = await inTransaction(ctx.pool, async (tx) => {
    const withdrawn = await withdrawCredential(ctx, tx, key, deleteTime);
    if (lastSetup) await withdrawDelegation(ctx, tx, key, deleteTime);
    return withdrawn;
  });
  // What fails for a newer credential fails still.
  if (outcome !== 'newer') await reportPassed(ctx, app);
  const waitMs = Math.min(TRY_FOR_MS, deadline.getTime() - Date.now() - ANSWER_MS);
  await Promise.race([tryAll(ctx, key), pause(Math.max(0, waitMs), undefined, { ref: false })]);
  return { open: (await listRevocationsOf(ctx.pool, key)).map(presentRevocation) };
}

/** Makes the delegation something to withdraw, unless it or a credential of any app was stored after `until`: it is used. */
async function withdrawDelegation(ctx: BrokerContext, tx: Db, key: AppKey, until: Date | undefined): Promise<void> {
  const delegation = await lockDelegation(tx, key.customerId);
  if (!delegation) return;
  const { clientId, version, updateTime } = delegation;
  if (until && (updateTime > until || (await hasCredentialSince(tx, key.customerId, until)))) return;
  await saveRevocation(tx, { ...key, kind: 'delegation', version, sealed: null, clientId, createTime: ctx.now() });
}

/** Never rejects: what is not done now is tried again. */
async function tryAll(ctx: BrokerContext, key: AppKey): Promise<void> {
  try {
    for (const revocation of await listDueRevocations(ctx.pool, ctx.now(), AT_ONCE, key)) {
      await tryRevocation(ctx, revocation);
    }
  } catch (err) {
    ctx.logger.warn({ err }, 'revocation not tried: it is tried again');
  }
}
