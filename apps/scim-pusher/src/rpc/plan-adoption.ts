import { randomUUID } from 'node:crypto';
import { RpcError, status, type CallContext } from '@autoprov/grpc';
import {
  AdoptionTotals,
  type PlanAdoptionRequest,
  type PlanAdoptionResponse,
  type PlannedAdoption,
} from '@autoprov/proto';
import type { PusherContext } from '../context.ts';
import type { AppSetup } from '../domain/model.ts';
import { decideFor, idOf } from '../push/decide-people.ts';
import { planAdoptions } from '../push/plan-adoptions.ts';
import { uncovered } from '../push/push-app.ts';
import { ScimFailureError } from '../push/scim-failure.ts';
import { surveyAccounts } from '../push/survey-accounts.ts';
import { createAdoptionTally, type AdoptionTally } from '../push/tally-adoptions.ts';
import { findCoverage } from '../store/customers.ts';
import {
  countContested,
  countUnmatched,
  deleteSurvey,
  listUnmatched,
  type Survey,
} from '../store/surveyed-accounts.ts';
import { findUsers } from '../store/users.ts';
import { readAppName, requireSetup } from './app-key.ts';
import { configurationFailure } from './errors.ts';
import { isNotable, presentAdoption, presentTotals, presentUnmatched } from './present-adoption.ts';

const rowsPerMessage = 100;
const unmatchedPageSize = 500;

export async function* planAdoption(
  ctx: PusherContext,
  { app: name, all }: PlanAdoptionRequest,
  call: Pick<CallContext, 'signal' | 'deadline'>,
): AsyncGenerator<PlanAdoptionResponse> {
  const key = readAppName('app', name);
  const app = await requireSetup(ctx, name, key);
  const waitingFor = uncovered(app, await findCoverage(ctx.pool, key.customerId));
  if (waitingFor.length > 0) {
    const totals = { ...AdoptionTotals.fromPartial({ waitingFor }), setupRevision: app.revision };
    return yield { readCount: 0n, totals, adoptions: [] };
  }
  const survey = { ...key, surveyId: randomUUID() };
  try {
    const { listed, readCount } = yield* readAccounts(ctx, app, survey, call);
    const tally = await tallyAdoptions(ctx, app, survey, call.signal);
    const totals = await readTotals(ctx, app, survey, tally, { listed, readCount });
    yield { readCount: 0n, totals, adoptions: [] };
    for await (const adoptions of inBatches(listRows(ctx, app, survey, tally, { all, listed }))) {
      call.signal.throwIfAborted();
      yield { readCount: 0n, totals: undefined, adoptions };
    }
  } finally {
    await deleteSurvey(ctx.pool, survey);
  }
}

async function* readAccounts(
  ctx: PusherContext,
  app: AppSetup,
  survey: Survey,
  call: Pick<CallContext, 'signal' | 'deadline'>,
): AsyncGenerator<PlanAdoptionResponse, { listed: boolean; readCount: number }> {
  const reading = surveyAccounts(ctx, app, survey, call);
  let readCount = 0;
  try {
    for (;;) {
      const step = await reading.next();
      if (step.done) return { listed: step.value, readCount };
      readCount = step.value;
      yield { readCount: BigInt(readCount), totals: undefined, adoptions: [] };
    }
  } catch (err) {
    throw err instanceof ScimFailureError ? toError(err) : err;
  }
}

function toError({ failure }: ScimFailureError): RpcError {
  const { code, reason, detail = '' } = failure;
  const why = detail === '' ? `${code} ${reason}` : `${code} ${reason}: ${detail}`;
  const metadata = { code, finer_reason: reason };
  if (code === '17010') {
    const message = `the accounts cannot be read with the credential: enter one that the service provider takes (${why})`;
    return configurationFailure('AUTHENTICATION_FAILED', message, { metadata });
  }
  const message = `the service provider's accounts cannot be read now: try again later (${why})`;
  return new RpcError(status.UNAVAILABLE, 'DEPENDENCY_UNAVAILABLE', message, { metadata });
}

async function tallyAdoptions(
  ctx: PusherContext,
  app: AppSetup,
  survey: Survey,
  signal: AbortSignal,
): Promise<AdoptionTally> {
  const tally = createAdoptionTally();
  for await (const planned of planAdoptions(ctx, app, survey, { counts: true })) {
    signal.throwIfAborted();
    tally.add(planned);
  }
  return tally.end(ctx, app);
}

async function readTotals(
  ctx: PusherContext,
  app: AppSetup,
  survey: Survey,
  tally: AdoptionTally,
  { listed, readCount }: { listed: boolean; readCount: number },
): Promise<AdoptionTotals> {
  return presentTotals(tally, {
    setupRevision: app.revision,
    listed,
    readCount,
    contested: await countContested(ctx.pool, survey),
    unmatched: await countUnmatched(ctx.pool, survey),
  });
}

async function* listRows(
  ctx: PusherContext,
  app: AppSetup,
  survey: Survey,
  tally: AdoptionTally,
  { all, listed }: { all: boolean; listed: boolean },
): AsyncGenerator<PlannedAdoption> {
  for await (const planned of planAdoptions(ctx, app, survey, { counts: false })) {
    if (all || isNotable(planned)) yield presentAdoption(app, planned, tally);
  }
  if (listed) yield* listUnmatchedRows(ctx, app, survey);
}

/** Whoever has such an account's user name as address is out of scope, or not to have access: it says why. */
async function* listUnmatchedRows(ctx: PusherContext, app: AppSetup, survey: Survey): AsyncGenerator<PlannedAdoption> {
  for (let after = ''; ;) {
    const page = await listUnmatched(ctx.pool, survey, after, unmatchedPageSize);
    const users = await findUsers(
      ctx.pool,
      app.customerId,
      page.flatMap(({ userId }) => userId ?? []),
    );
    const turns = await decideFor({ ctx, app }, users);
    const reasons = new Map(turns.map(({ user, decision }) => [idOf(user), decision.scopeExplanation]));
    for (const one of page) yield presentUnmatched(app, one, reasons.get(one.userId ?? ''));
    if (page.length < unmatchedPageSize) return;
    after = page.at(-1)!.resource.id!;
  }
}

async function* inBatches(rows: AsyncIterable<PlannedAdoption>): AsyncGenerator<PlannedAdoption[]> {
  let batch: PlannedAdoption[] = [];
  for await (const row of rows) {
    batch.push(row);
    if (batch.length < rowsPerMessage) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
