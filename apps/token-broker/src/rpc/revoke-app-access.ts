import { setTimeout as pause } from 'node:timers/promises';
import type { CallContext } from '@autoprov/grpc';
import { inTransaction } from '@autoprov/postgres';
import type { RevokeAppAccessRequest, RevokeAppAccessResponse } from '@autoprov/proto';
import type { BrokerContext } from '../context.ts';
import { reportPassed } from '../report-checks.ts';
import { tryRevocation } from '../run-revocations.ts';
import type { AppKey } from '../store/credentials.ts';
import { findDelegation } from '../store/delegations.ts';
import { listDueRevocations, listRevocationsOf, saveRevocation } from '../store/revocations.ts';
import { withdrawCredential } from '../withdraw-credential.ts';
import { readApp } from './names.ts';
import { presentRevocation } from './present-revocation.ts';

const AT_ONCE = 100;
const TRY_FOR_MS = 8_000;
/** What is left of the caller's time for the answer. */
const ANSWER_MS = 1_000;

export async function revokeAppAccess(
  ctx: BrokerContext,
  { app, lastSetup }: RevokeAppAccessRequest,
  { deadline }: CallContext,
): Promise<RevokeAppAccessResponse> {
  const key = readApp('app', app);
  await inTransaction(ctx.pool, async (tx) => {
    await withdrawCredential(ctx, tx, key);
    const delegation = lastSetup ? await findDelegation(tx, key.customerId) : undefined;
    if (!delegation) return;
    const { clientId, version } = delegation;
    await saveRevocation(tx, { ...key, kind: 'delegation', version, sealed: null, clientId, createTime: ctx.now() });
  });
  await reportPassed(ctx, app);
  const waitMs = Math.min(TRY_FOR_MS, deadline.getTime() - Date.now() - ANSWER_MS);
  await Promise.race([tryAll(ctx, key), pause(Math.max(0, waitMs), undefined, { ref: false })]);
  return { open: (await listRevocationsOf(ctx.pool, key)).map(presentRevocation) };
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
