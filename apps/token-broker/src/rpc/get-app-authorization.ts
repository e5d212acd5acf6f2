import { RpcError, type CallContext } from '@autoprov/grpc';
import type { GetAppAuthorizationRequest, GetAppAuthorizationResponse } from '@autoprov/proto';
import type { BrokerContext } from '../context.ts';
import { UnreadableSecretError } from '../domain/sealing.ts';
import { reportChecks } from '../report-check.ts';
import { recordIssue } from '../store/audit.ts';
import { findCredential, type StoredCredential } from '../store/credentials.ts';
import { failedPrecondition, unreadable } from './errors.ts';
import { readApp } from './names.ts';

/** How long a caller may keep a header in memory. */
const holdMs = 300_000;

/** What this service alone can say of an app's credential; that it is refused, the pusher says. */
const checkedCodes = ['17010', '25016'];

export async function getAppAuthorization(
  ctx: BrokerContext,
  request: GetAppAuthorizationRequest,
  { caller }: CallContext,
): Promise<GetAppAuthorizationResponse> {
  const { customerId, appId } = readApp('app', request.app);
  try {
    const stored = await findCredential(ctx.pool, customerId, appId);
    if (!stored) throw failedPrecondition('CREDENTIAL_MISSING', '17010', `${request.app} has no credential: store one`);
    const headerValue = open(ctx, stored);
    const time = ctx.now();
    await recordIssue(ctx.pool, { caller, resource: request.app, version: stored.version, time });
    const passed = checkedCodes.map((code) => ({ subject: request.app, code, passed: true as const }));
    await reportChecks(ctx, passed);
    return { headerValue, expireTime: new Date(Date.now() + holdMs) };
  } catch (err) {
    if (err instanceof RpcError) {
      const code = err.details.metadata?.['code'] ?? '12002';
      const { reason, message: detail } = err;
      await reportChecks(ctx, [{ subject: request.app, code, passed: false, reason, detail }]);
    }
    throw err;
  }
}

function open(ctx: BrokerContext, stored: StoredCredential): string {
  try {
    return ctx.sealer.open(stored.sealed, stored);
  } catch (err) {
    throw err instanceof UnreadableSecretError ? unreadable(err) : err;
  }
}
