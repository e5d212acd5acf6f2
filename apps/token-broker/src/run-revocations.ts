import { entryOf, fillIn } from '@autoprov/failure-catalogue';
import { RpcError } from '@autoprov/grpc';
import { inTransaction, withLease } from '@autoprov/postgres';
import type { BrokerContext } from './context.ts';
import { directoryScopes } from './directory-tokens.ts';
import { judgeTokenRefusal } from './domain/google-token-error.ts';
import { openRevocation } from './domain/oauth-secrets.ts';
import { TokenRefusedError } from './google-refusal.ts';
import { TokenEndpointError } from './oauth-requests.ts';
import { openDelegation } from './open-delegation.ts';
import { orUnreadable } from './open-sealed.ts';
import { reportPassed } from './report-checks.ts';
import { deleteDelegation, findDelegation } from './store/delegations.ts';
import {
  deleteRevocation,
  listDueRevocations,
  noteRevocationFailed,
  type StoredRevocation,
} from './store/revocations.ts';

const LEASE_MS = 60_000;
const AT_ONCE = 100;
const FIRST_WAIT_MS = 60_000;
const LONGEST_WAIT_MS = 6 * 3_600_000;
const DAY_MS = 86_400_000;

/** Why something is not withdrawn, for people, and when it is tried again. */
type Refusal = { message: string; waitMs: number };

/** Tries what is due. One replica does at a time. */
export async function runRevocations(ctx: BrokerContext, stopping: AbortSignal): Promise<void> {
  await withLease(ctx.pool, { name: 'revocations', owner: ctx.owner, ttlMs: LEASE_MS }, async ({ lost }) => {
    for (const revocation of await listDueRevocations(ctx.pool, ctx.now(), AT_ONCE)) {
      if (lost.aborted || stopping.aborted) return;
      await tryRevocation(ctx, revocation);
    }
  });
}

/** Tries one: it is gone afterwards, or says why it is not done. To try twice does no harm. */
export async function tryRevocation(ctx: BrokerContext, revocation: StoredRevocation): Promise<void> {
  const refusal =
    revocation.kind === 'delegation' ? await checkWithdrawn(ctx, revocation) : await revokeTokens(ctx, revocation);
  if (refusal) {
    const nextAttemptTime = new Date(ctx.now().getTime() + refusal.waitMs);
    await noteRevocationFailed(ctx.pool, { id: revocation.id, nextAttemptTime, message: refusal.message });
  }
}

async function revokeTokens(ctx: BrokerContext, revocation: StoredRevocation): Promise<Refusal | undefined> {
  try {
    const row = { ...revocation, sealed: revocation.sealed! };
    const { client, tokens } = orUnreadable(() => openRevocation(ctx.sealer, row));
    const { accessToken, refreshToken } = tokens;
    if (refreshToken !== undefined) await ctx.oauth.revoke(client, refreshToken, 'refresh_token');
    await ctx.oauth.revoke(client, accessToken, 'access_token');
  } catch (err) {
    if (!(err instanceof TokenEndpointError || err instanceof RpcError)) throw err;
    const askedMs = err instanceof TokenEndpointError ? (err.failure.retryAfterMs ?? 0) : 0;
    const message = `the service provider did not revoke the token (${err.message}): it is tried until it does`;
    return { message, waitMs: Math.max(askedMs, backingOffMs(revocation)) };
  }
  await deleteRevocation(ctx.pool, revocation.id);
  return undefined;
}

/** Google has no call that withdraws a delegation: an admin does, and a token request that is refused shows it. */
async function checkWithdrawn(ctx: BrokerContext, revocation: StoredRevocation): Promise<Refusal | undefined> {
  const { customerId, clientId, id } = revocation;
  const delegation = await findDelegation(ctx.pool, customerId);
  if (delegation?.clientId !== clientId) {
    // It was deleted, or another one was stored, which is in use.
    await deleteRevocation(ctx.pool, id);
    return undefined;
  }
  try {
    await ctx.tokens.request(openDelegation(ctx, delegation), directoryScopes);
  } catch (err) {
    if (!(err instanceof TokenRefusedError || err instanceof RpcError)) throw err;
    const isWithdrawn =
      err instanceof TokenRefusedError && judgeTokenRefusal(err.refusal).reason === 'DELEGATION_REVOKED';
    if (!isWithdrawn) return { message: adviceFor(clientId), waitMs: backingOffMs(revocation) };
    await inTransaction(ctx.pool, async (tx) => {
      await deleteDelegation(tx, customerId);
      await deleteRevocation(tx, id);
    });
    await reportPassed(ctx, `customers/${customerId}`);
    return undefined;
  }
  return { message: adviceFor(clientId), waitMs: DAY_MS };
}

function adviceFor(clientId: string): string {
  const { message, resolution } = entryOf('DELETED_BUT_NOT_REVOKED');
  return [`${message}.`, ...resolution.map((step) => fillIn(step, { clientId }))].join(' ');
}

function backingOffMs({ attempts }: StoredRevocation): number {
  return Math.min(FIRST_WAIT_MS * 2 ** Math.min(attempts, 20), LONGEST_WAIT_MS);
}
