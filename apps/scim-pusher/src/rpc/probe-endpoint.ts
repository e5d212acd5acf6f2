import type { CallContext } from '@autoprov/grpc';
import type { ProbeEndpointRequest, ProbeEndpointResponse } from '@autoprov/proto';
import type { PusherContext } from '../context.ts';
import { findGroupType, probeServiceProvider, type Finding } from '../push/probe.ts';
import { withProbe, type Probe } from '../push/with-probe.ts';
import { readProbed } from './probed.ts';

export async function probeEndpoint(
  ctx: PusherContext,
  request: ProbeEndpointRequest,
  call: CallContext,
): Promise<ProbeEndpointResponse> {
  const askBoth = async (probe: Probe): Promise<Finding> => {
    const finding = await probeServiceProvider(probe);
    if (!request.asksGroups || !finding.isScim || finding.failure) return finding;
    const hasGroups = await findGroupType(probe.scim);
    return { ...finding, ...(hasGroups !== undefined && { hasGroups }) };
  };
  const finding: Finding = await withProbe(ctx, readProbed(ctx, request), call, askBoth, (failure) => ({
    isScim: false,
    failure,
  }));
  return presentFinding(finding);
}

/** The API's form of what a probe found out. */
export function presentFinding({ isScim, config, failure, hasGroups }: Finding): ProbeEndpointResponse {
  return {
    isScim,
    isAuthorized: failure === undefined,
    code: failure?.code ?? '',
    reason: failure?.reason ?? '',
    retryable: failure?.retryable ?? false,
    detail: failure?.detail ?? (failure?.httpStatus ? `the service provider answered ${failure.httpStatus}` : ''),
    serviceProviderConfig: config,
    hasGroups,
  };
}
