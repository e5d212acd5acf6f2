import type { CallContext, RpcError } from '@autoprov/grpc';
import type { GetTargetSchemaRequest, GetTargetSchemaResponse } from '@autoprov/proto';
import type { PusherContext } from '../context.ts';
import { overlayProfile } from '../domain/target-schema.ts';
import { discoverSchema, type Discovery } from '../push/discover-schema.ts';
import { withProbe } from '../push/with-probe.ts';
import { configurationFailure } from './errors.ts';
import { readProbed } from './probed.ts';

export async function getTargetSchema(
  ctx: PusherContext,
  request: GetTargetSchemaRequest,
  call: CallContext,
): Promise<GetTargetSchemaResponse> {
  const probed = readProbed(ctx, request);
  const onTimeout = (failure: Extract<Discovery, { failed: string }>['failure']): Discovery => ({
    failed: 'attributes',
    failure,
  });
  const discovery = await withProbe(ctx, probed, call, discoverSchema, onTimeout);
  if ('failed' in discovery) throw toError(discovery);
  const { attributes, discovered, note } = discovery;
  return { schema: { discovered, note, attributes: overlayProfile(attributes, probed.profile) } };
}

const advice = {
  schema: ['FETCH_TARGET_SCHEMA_FAILED', 'no SCIM answers at the endpoint URL: check it'],
  attributes: ['FETCH_TARGET_ATTRIBUTES_FAILED', 'the service provider could not tell its attributes: try again later'],
  credential: ['AUTHENTICATION_FAILED', 'the service provider wants another credential: enter one that it takes'],
} as const;

function toError({ failed, failure }: Extract<Discovery, { failed: string }>): RpcError {
  const [reason, message] = advice[failed];
  const { code, reason: finerReason, detail = '', retryAfterMs } = failure;
  return configurationFailure(reason, detail === '' ? message : `${message} (${detail})`, {
    metadata: { code, finer_reason: finerReason },
    ...(failed === 'attributes' && retryAfterMs !== undefined && { retryAfterMs }),
  });
}
