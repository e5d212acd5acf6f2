import type { CallContext } from '@autoprov/grpc';
import { readId } from '@autoprov/scim';
import type { PusherContext } from '../context.ts';
import type { AppSetup } from '../domain/model.ts';
import { saveSurveyedAccounts, type Survey } from '../store/surveyed-accounts.ts';
import { listUsersById } from '../store/users.ts';
import { authorizationOf } from './authorization.ts';
import { decideFor } from './decide-people.ts';
import { errorPatternsOf } from './error-patterns.ts';
import { findHits, findLive, type Lookup } from './find-match.ts';
import { listAccounts } from './list-accounts.ts';
import { Pace } from './pace.ts';
import { isDown } from './pass.ts';
import { ScimClient } from './scim-client.ts';
import { ScimFailureError } from './scim-failure.ts';
import { defaultRequestsPerSecond } from './write-pace.ts';

const brokerTimeoutMs = 10_000;
const batchSize = 500;

/**
 * Reads a service provider's accounts into a survey: all of them, or where it lists none those that match somebody. Reads only.
 * Yields how many have been read so far. Throws ScimFailureError where the service provider lets nothing be read.
 *
 * @returns whether they are all
 */
export async function* surveyAccounts(
  ctx: PusherContext,
  app: AppSetup,
  survey: Survey,
  call: Pick<CallContext, 'signal' | 'deadline'>,
): AsyncGenerator<number, boolean, undefined> {
  const scim = openClient(ctx, app, call);
  const pages = listAccounts(scim, app.profile, ctx.settings.listMaxAccounts);
  let page = await pages.next();
  for (let count = 0; !page.done;) {
    const kept = await saveSurveyedAccounts(ctx.pool, survey, page.value);
    count += kept.count;
    yield count;
    page = await pages.next(kept);
  }
  const { whole, failure } = page.value;
  if (whole) return true;
  if (failure && isDown(failure)) throw new ScimFailureError(failure);
  yield* lookUpEach(ctx, app, survey, scim);
  return false;
}

/** Looks for each person in scope, as a push does where a service provider lists nobody. */
async function* lookUpEach(
  ctx: PusherContext,
  app: AppSetup,
  survey: Survey,
  scim: ScimClient,
): AsyncGenerator<number, void, undefined> {
  const lookup: Lookup = (attribute, value) => findLive(scim, attribute, value);
  let count = 0;
  for (let after = ''; ;) {
    const users = await listUsersById(ctx.pool, app.customerId, after, batchSize);
    const turns = await decideFor({ ctx, app }, users);
    for (const { decision, user } of turns) {
      if (decision.do !== 'create') continue;
      const found = await findHits({ desired: decision.desired, user }, app.setup.matching, lookup);
      if ('failure' in found) throw new ScimFailureError(found.failure);
      const usable = found.hits.filter((hit) => readId(hit) !== undefined);
      count += (await saveSurveyedAccounts(ctx.pool, survey, usable)).count;
      yield count;
    }
    if (users.length < batchSize) return;
    after = turns.at(-1)!.userId;
  }
}

/** A client for reads outside of a pass, at the rate of the app. */
export function openClient(
  ctx: PusherContext,
  app: AppSetup,
  call: Pick<CallContext, 'signal' | 'deadline'>,
): ScimClient {
  return new ScimClient({
    baseUrl: app.setup.endpointUrl,
    dispatcher: ctx.spAgent,
    authorization: authorizationOf(ctx, app, { timeoutMs: brokerTimeoutMs }),
    requestPace: new Pace(app.profile.maxRequestsPerSecond || defaultRequestsPerSecond),
    errorPatterns: errorPatternsOf(app.profile),
    maxConcurrentRequests: 1,
    timeoutMs: ctx.settings.httpTimeoutMs,
    retryForMs: ctx.settings.retryForMs,
    signal: call.signal,
    mayStart: () => !call.signal.aborted,
    onRequest: () => {},
  });
}
