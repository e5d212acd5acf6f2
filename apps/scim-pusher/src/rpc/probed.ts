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
  const app = readAppName('app', request.app);
  const endpointUrl = readEndpointUrl(ctx, request.endpointUrl);
  return { endpointUrl, profile: request.profile ?? ScimProfile.fromPartial({}), credential: { app } };
}

/** Reads a URL that may be called. Throws INVALID_ARGUMENT, ENDPOINT_INVALID. */
export function readEndpointUrl({ spAllowedHosts }: PusherContext, endpointUrl: string): string {
  const description = checkUrl(endpointUrl, spAllowedHosts);
  if (description === undefined) return endpointUrl;
  const fieldViolations = [{ field: 'endpoint_url', description }];
  throw configurationFailure('ENDPOINT_INVALID', `endpoint_url ${description}`, { fieldViolations });
}
