import type { CallContext } from '@autoprov/grpc';
import type { GetAppAuthorizationRequest, GetAppAuthorizationResponse } from '@autoprov/proto';
import { authorizeApp } from '../app-authorization.ts';
import type { BrokerContext } from '../context.ts';
import { reporting } from '../report-checks.ts';
import { requireInstalled } from '../require-installed.ts';
import { recordIssue } from '../store/audit.ts';
import { findCredential } from '../store/credentials.ts';
import { readApp } from './names.ts';
import { credentialMissing } from './oauth-errors.ts';

/** How long a caller may keep a header in memory. */
const holdMs = 300_000;

export async function getAppAuthorization(
  ctx: BrokerContext,
  { app, forceNew }: GetAppAuthorizationRequest,
  call: CallContext,
): Promise<GetAppAuthorizationResponse> {
  const key = readApp('app', app);
  return reporting(ctx, app, async () => {
    await requireInstalled(ctx, app, call);
    const stored = await findCredential(ctx.pool, key);
    if (!stored) throw credentialMissing(app);
    const { headerValue, version, expireTime } = await authorizeApp(ctx, stored, forceNew);
    const now = ctx.now();
    await recordIssue(ctx.pool, { caller: call.caller, resource: app, version, time: now });
    const leftMs = expireTime === null ? holdMs : Math.min(holdMs, expireTime.getTime() - now.getTime());
    return { headerValue, expireTime: new Date(Date.now() + leftMs) };
  });
}
