import { parseAppName } from '@autoprov/proto';
import { RpcError, status } from '@autoprov/grpc';
import type { AppKey, AppSetup } from '../domain/model.ts';
import type { PusherContext } from '../context.ts';
import { findSetup } from '../store/setups.ts';

/** Reads a field that names an app. Throws INVALID_ARGUMENT when it does not. */
export function readAppName(field: string, name: string): AppKey {
  const key = parseAppName(name);
  if (key) return key;
  const description = `"${name}" names no app: write customers/{customer}/apps/{app}`;
  throw new RpcError(status.INVALID_ARGUMENT, 'INVALID_REQUEST', `${field} is wrong`, {
    fieldViolations: [{ field, description }],
  });
}

/** The app's setup. Throws NOT_FOUND when the pusher knows of none. */
export async function requireSetup(ctx: PusherContext, name: string, key: AppKey): Promise<AppSetup> {
  const setup = await findSetup(ctx.pool, key);
  if (setup) return setup;
  throw new RpcError(
    status.NOT_FOUND,
    'RESOURCE_NOT_FOUND',
    `${name} has no setup here: create one, or wait a few seconds`,
  );
}
