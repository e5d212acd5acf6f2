import { checkUrl } from '@autoprov/outbound';
import { ScimProfile } from '@autoprov/proto';
import type { PusherContext } from '../context.ts';
import type { Probed } from '../push/with-probe.ts';
import { readAppName } from './app-key.ts';
import { configurationFailure } from './errors.ts';

/**
 * Reads which service provider is asked, and whose credential is used. Throws INVALID_ARGUMENT: ENDPOINT_INVALID for a URL
 * that may not be called.
 */
export function readProbed(
  ctx: PusherContext,
  request: { app: string; endpointUrl: string; profile?: ScimProfile | undefined },
): Probed {
  const key = readAppName('app', request.app);
  const description = checkUrl(request.endpointUrl, ctx.spAllowedHosts);
  if (description !== undefined) {
    const fieldViolations = [{ field: 'endpoint_url', description }];
    throw configurationFailure('ENDPOINT_INVALID', `endpoint_url ${description}`, { fieldViolations });
  }
  return { key, endpointUrl: request.endpointUrl, profile: request.profile ?? ScimProfile.fromPartial({}) };
}
