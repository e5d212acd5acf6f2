import type { CallContext } from '@autoprov/grpc';
import type { GetAppAuthorizationRequest, GetAppAuthorizationResponse } from '@autoprov/proto';
import type { BrokerContext } from '../context.ts';
import { UnreadableSecretError } from '../domain/sealing.ts';
import { reporting } from '../report-checks.ts';
import { requireInstalled } from '../require-installed.ts';
import { recordIssue } from '../store/audit.ts';
import { findCredential, type StoredCredential } from '../store/credentials.ts';
import { failedPrecondition, unreadable } from './errors.ts';
import { readApp } from './names.ts';

/** How long a caller may keep a header in memory. */
const holdMs = 300_000;

export async function getAppAuthorization(
  ctx: BrokerContext,
  { app }: GetAppAuthorizationRequest,
  call: CallContext,
): Promise<GetAppAuthorizationResponse> {
  const { customerId, appId } = readApp('app', app);
  return reporting(ctx, app, async () => {
    await requireInstalled(ctx, app, call);
    const stored = await findCredential(ctx.pool, customerId, appId);
    if (!stored) throw missing(app);
    const headerValue = open(ctx, stored);
    await recordIssue(ctx.pool, { caller: call.caller, resource: app, version: stored.version, time: ctx.now() });
    return { headerValue, expireTime: new Date(Date.now() + holdMs) };
  });
}

function missing(app: string) {
  const message = `${app} has no credential: store one with "autoprov apply"`;
  return failedPrecondition('CREDENTIAL_MISSING', '17010', message, { finerReason: 'NO_CREDENTIAL' });
}

function open(ctx: BrokerContext, stored: StoredCredential): string {
  try {
    return ctx.sealer.open(stored.sealed, stored);
  } catch (err) {
    throw err instanceof UnreadableSecretError ? unreadable(err) : err;
  }
}
