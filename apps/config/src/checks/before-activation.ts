import { RpcError, status, type CallContext } from '@autoprov/grpc';
import { ProvisioningSetup_State } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { preventsActivation, type Finding } from '../domain/finding.ts';
import { publishedWords } from '../rpc/errors.ts';
import { templateOf } from '../rpc/template-of.ts';
import { parseSetupName } from '../rpc/violations.ts';
import { findApp } from '../store/apps.ts';
import { findSetup } from '../store/setups.ts';
import { checkWholeSetup } from './check-whole-setup.ts';

/** All that fits into the trailers of an answer; the others are counted. */
const METADATA_MAX = 30;

/**
 * Checks a setup before the transaction that activates it. Throws ENABLE_FAILED with everything that failed or could not
 * be found out. Nothing is asked for an etag that is not the current one, nor for a setup that is active: the transaction
 * says what becomes of those.
 */
export async function checkBeforeActivation(
  ctx: ConfigContext,
  call: CallContext,
  { name, etag }: { name: string; etag: string },
): Promise<void> {
  const key = parseSetupName(name)!;
  const [app, stored] = await Promise.all([findApp(ctx.pool, key), findSetup(ctx.pool, key)]);
  if (!app || !stored || stored.setup.etag !== etag) return;
  if (stored.setup.state === ProvisioningSetup_State.STATE_ACTIVE) return;
  const findings = await checkWholeSetup(ctx, call, { app, ...stored, template: templateOf(ctx, app) });
  const preventing = findings.filter(preventsActivation);
  if (preventing.length > 0) throw enableFailed(name, preventing);
}

function enableFailed(name: string, preventing: readonly Finding[]): RpcError {
  const ids = preventing.slice(0, 5).map(({ id }) => id);
  if (preventing.length > ids.length) ids.push(`${preventing.length - ids.length} more`);
  const unknown = preventing.find(({ verdict }) => verdict === 'unknown');
  const found = preventing.some(({ verdict }) => verdict === 'failed')
    ? 'correct what the field violations say, and activate it again'
    : `activate it again later; ${unknown!.id}: ${unknown!.message}`;
  const reasons = preventing.slice(0, METADATA_MAX).map(({ id, code, reason }) => [`check.${id}`, code || reason]);
  return new RpcError(
    status.FAILED_PRECONDITION,
    'ENABLE_FAILED',
    `${name} is not activated (${ids.join(', ')}): ${found}`,
    {
      metadata: { setup: name, checks: String(preventing.length), ...Object.fromEntries(reasons) },
      fieldViolations: preventing.map(({ id, code, reason, message }) => ({
        field: id,
        description: [code, reason, message].filter(Boolean).join(', '),
      })),
      localizedMessage: publishedWords('ENABLE_FAILED'),
    },
  );
}
