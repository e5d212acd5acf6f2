import type { CallContext } from '@autoprov/grpc';
import type { ScimProfile } from '@autoprov/proto';
import type { Secret } from '@autoprov/service';
import type { PusherContext } from '../context.ts';
import type { AppKey } from '../domain/model.ts';
import { authorizationOf } from './authorization.ts';
import { errorPatternsOf } from './error-patterns.ts';
import { Pace } from './pace.ts';
import { ScimClient } from './scim-client.ts';
import { ScimFailureError, type ScimFailure } from './scim-failure.ts';

/** Which service provider is asked, and with which credential: an app's, or one that came with the call. */
export type Probed = {
  endpointUrl: string;
  profile: ScimProfile;
  credential: { app: AppKey } | { header: Secret | undefined };
};

/** A service provider to be asked a few things, reads only. */
export type Probe = {
  scim: ScimClient;
  profile: ScimProfile;
  /** Why there is no credential: then it is asked without. */
  withoutCredential?: ScimFailure;
};

/** A probe ends within this time, whatever the service provider does. */
const probeMs = 15_000;
const requestMs = 5_000;
/** What is left to answer the caller. */
const marginMs = 250;

/** Asks a service provider, for so long as a probe (`limitMs`) and its caller may wait; `onTimeout` says what that means. */
export async function withProbe<Finding>(
  ctx: PusherContext,
  probed: Probed,
  call: CallContext,
  ask: (probe: Probe) => Promise<Finding>,
  onTimeout: (failure: ScimFailure) => Finding,
  limitMs = probeMs,
): Promise<Finding> {
  const leftMs = call.deadline.getTime() - Date.now() - marginMs;
  const over = AbortSignal.timeout(Math.max(1, Math.min(limitMs, leftMs)));
  try {
    return await ask(await openProbe(ctx, probed, call, AbortSignal.any([call.signal, over])));
  } catch (err) {
    if (!over.aborted || call.signal.aborted) throw err;
    return onTimeout(tooSlow());
  }
}

async function openProbe(ctx: PusherContext, probed: Probed, call: CallContext, signal: AbortSignal): Promise<Probe> {
  const { endpointUrl: baseUrl, profile, credential } = probed;
  const given =
    'app' in credential
      ? authorizationOf(ctx, credential.app, { timeoutMs: requestMs, parent: call })
      : async () => credential.header;
  const withoutCredential = await failureOf(given(false));
  const scim = new ScimClient({
    baseUrl,
    dispatcher: ctx.spAgent,
    authorization: withoutCredential ? async () => undefined : given,
    requestPace: new Pace(profile.maxRequestsPerSecond || 10),
    maxConcurrentRequests: 1,
    errorPatterns: errorPatternsOf(profile),
    timeoutMs: requestMs,
    retryForMs: 0,
    signal,
    mayStart: () => true,
    onRequest: () => {},
  });
  return { scim, profile, ...(withoutCredential && { withoutCredential }) };
}

async function failureOf(authorization: Promise<Secret | undefined>): Promise<ScimFailure | undefined> {
  try {
    await authorization;
    return undefined;
  } catch (err) {
    if (err instanceof ScimFailureError) return err.failure;
    throw err;
  }
}

function tooSlow(): ScimFailure {
  const detail = 'the service provider did not answer in time';
  return { code: '45004', reason: 'SP_TIMEOUT', retryable: true, detail, httpStatus: 0 };
}
