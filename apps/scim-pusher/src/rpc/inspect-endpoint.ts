import type { CallContext } from '@autoprov/grpc';
import { ScimProfile, type InspectEndpointRequest, type InspectEndpointResponse } from '@autoprov/proto';
import { Secret } from '@autoprov/service';
import type { PusherContext } from '../context.ts';
import { draftTemplate, openQuestions } from '../domain/draft-template.ts';
import { overlayProfile } from '../domain/target-schema.ts';
import { inspect, type Abilities, type Inspection } from '../push/inspect.ts';
import type { Finding } from '../push/probe.ts';
import { withProbe } from '../push/with-probe.ts';
import { invalidField } from './errors.ts';
import { presentFinding } from './probe-endpoint.ts';
import { readEndpointUrl } from './probed.ts';

const inspectMs = 55_000;
/** Ten reads are timed: they must not wait for their turn. */
const profile = { ...ScimProfile.fromPartial({}), maxRequestsPerSecond: 200 };

export async function inspectEndpoint(
  ctx: PusherContext,
  request: InspectEndpointRequest,
  call: CallContext,
): Promise<InspectEndpointResponse> {
  const endpointUrl = readEndpointUrl(ctx, request.endpointUrl);
  const header = readHeader(request.authorization);
  const { probe, more }: Inspection = await withProbe(
    ctx,
    { endpointUrl, profile, credential: { header } },
    call,
    inspect,
    (failure) => ({ probe: { isScim: false, failure } }),
    inspectMs,
  );
  const scheme = request.authorization.split(' ')[0]!.toLowerCase();
  return { ...presentAbilities(endpointUrl, scheme, probe, more), probe: presentFinding(probe) };
}

/** Throws INVALID_ARGUMENT for what no header can hold; the message does not repeat it. */
function readHeader(authorization: string): Secret | undefined {
  if (authorization === '') return undefined;
  if (/^[A-Za-z]+ [\x21-\x7e]+$/.test(authorization)) return new Secret(authorization);
  throw invalidField(
    'authorization',
    'is no header value: send "Bearer" and the token, or "Basic" and the credentials',
  );
}

function presentAbilities(
  endpointUrl: string,
  scheme: string,
  { config }: Finding,
  more: Abilities | undefined,
): Omit<InspectEndpointResponse, 'probe'> {
  const nothing = { resourceTypes: [], filterableAttributes: [], maxPageSize: 0, medianReadMs: 0, notes: [] };
  if (!more) return { ...nothing, schema: undefined, draft: undefined };
  const { schema, resourceTypes, filterableAttributes, accountCount, maxPageSize, pages, medianReadMs } = more;
  const attributes = schema?.attributes ?? [];
  const known = { endpointUrl, config, attributes, filterableAttributes, maxPageSize, scheme };
  return {
    schema: schema && {
      discovered: schema.discovered,
      note: schema.note,
      attributes: overlayProfile(attributes, profile),
    },
    resourceTypes,
    filterableAttributes,
    ...(accountCount !== undefined && { accountCount: BigInt(accountCount) }),
    maxPageSize: maxPageSize ?? 0,
    ...(pages !== undefined && { pages }),
    medianReadMs,
    draft: draftTemplate({ ...known, attributes: schema?.discovered ? attributes : [] }),
    notes: [...(schema?.note ? [schema.note] : []), ...openQuestions(known, pages)],
  };
}
