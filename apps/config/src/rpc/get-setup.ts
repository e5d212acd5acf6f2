import type { GetSetupRequest, GetSetupResponse } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { effectiveSetup } from '../domain/effective-setup.ts';
import { findSetup } from '../store/setups.ts';
import { notFoundError } from './errors.ts';
import { readSetupKey } from './violations.ts';

export async function getSetup(ctx: ConfigContext, { name }: GetSetupRequest): Promise<GetSetupResponse> {
  const stored = await findSetup(ctx.pool, readSetupKey('name', name));
  if (!stored) throw notFoundError(name, 'create it, or list the apps for the right name');
  return { setup: stored.setup, effectiveSetup: effectiveSetup(stored.setup, stored.defaults) };
}
