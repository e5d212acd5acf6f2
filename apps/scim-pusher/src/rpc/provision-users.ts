import { setTimeout as delay } from 'node:timers/promises';
import type { CallContext } from '@autoprov/grpc';
import type { ProvisionUsersRequest, ProvisionUsersResponse, ReadUser } from '@autoprov/proto';
import type { PusherContext } from '../context.ts';
import type { AppKey } from '../domain/model.ts';
import { deleteUrgentUsers, findUrgentUsers, saveUrgentUsers } from '../store/urgent-users.ts';
import { findUserSeqs } from '../store/users.ts';
import { readAppName, requireSetup } from './app-key.ts';
import { invalidField } from './errors.ts';
import { explainUser } from './explain-user.ts';
import { readUserIds } from './find-person.ts';
import { getAppStatus } from './get-app-status.ts';
import { readPast } from './list-timeline.ts';
import { toTimeline } from './present-timeline.ts';

const lookEveryMs = 50;
const readTimeoutMs = 30_000;
/** What was read comes by Kafka. */
const copyTimeoutMs = 10_000;
/** Of the caller's time kept for the answer. */
const answerMarginMs = 1_000;

type Caller = Pick<CallContext, 'signal' | 'deadline'>;

/** Reads, decides and pushes some people before all others, and tells of each as soon as it is done. */
export async function* provisionUsers(
  ctx: PusherContext,
  { app, users }: ProvisionUsersRequest,
  call: Caller,
): AsyncGenerator<ProvisionUsersResponse> {
  const key = readAppName('app', app);
  await requireSetup(ctx, app, key);
  if (readUserIds(key, users).length === 0) throw invalidField('users', 'is empty: name somebody');
  const from = ctx.now();
  const read = await readNow(ctx, key, users);
  const waiting = await waitForCopy(ctx, key, read, call);
  for (const one of read.filter(({ name }) => !waiting.has(idOf(name)))) yield unknown(one);
  await saveUrgentUsers(ctx.pool, key, [...waiting.keys()]);
  ctx.wakeWorkers();
  while (waiting.size > 0 && hasTime(call)) {
    const undone = await findUrgentUsers(ctx.pool, key, [...waiting.keys()]);
    for (const [userId, one] of [...waiting].filter(([id]) => !undone.has(id))) {
      waiting.delete(userId);
      yield await tell(ctx, key, app, one, from, true);
    }
    if (waiting.size > 0) await delay(lookEveryMs, undefined, { signal: call.signal });
  }
  for (const one of waiting.values()) yield await tell(ctx, key, app, one, from, false);
  // Nobody waits any more: they go on in their turn.
  const askedAt = new Date(Date.now() + 1_000);
  await deleteUrgentUsers(
    ctx.pool,
    key,
    [...waiting.keys()].map((userId) => ({ userId, askedAt })),
  );
}

async function readNow(
  { directory, logger }: PusherContext,
  { customerId }: AppKey,
  names: string[],
): Promise<ReadUser[]> {
  try {
    const request = { parent: `customers/${customerId}`, names };
    return (await directory.readUsers(request, { timeoutMs: readTimeoutMs })).users;
  } catch (err) {
    logger.warn({ err }, 'directory-reader does not read people now: they are provisioned as they were read last');
    const problem = 'the directory could not be read now';
    return names.map((asked) => ({ asked, name: asked, seq: 0n, problem }));
  }
}

/** Waits until what was read has come; answers those of whom it has, by id. */
async function waitForCopy(
  { pool }: PusherContext,
  { customerId }: AppKey,
  read: ReadUser[],
  call: Caller,
): Promise<Map<string, ReadUser>> {
  const known = read.filter(({ name }) => name !== '');
  const ids = known.map(({ name }) => idOf(name));
  const untilMs = Date.now() + copyTimeoutMs;
  for (;;) {
    const seqs = await findUserSeqs(pool, customerId, ids);
    const arrived = known.filter(({ name, seq }) => (seqs.get(idOf(name)) ?? -1n) >= seq);
    if (arrived.length === known.length || Date.now() > untilMs || !hasTime(call)) {
      return new Map(arrived.map((one) => [idOf(one.name), one]));
    }
    await delay(lookEveryMs, undefined, { signal: call.signal });
  }
}

function hasTime({ deadline, signal }: Caller): boolean {
  // Whoever sets no deadline has time.
  return !signal.aborted && !(deadline.getTime() - Date.now() <= answerMarginMs);
}

async function tell(
  ctx: PusherContext,
  key: AppKey,
  app: string,
  { name, problem }: ReadUser,
  from: Date,
  done: boolean,
): Promise<ProvisionUsersResponse> {
  const period = { from, to: ctx.now() };
  const steps = toTimeline(await readPast(ctx, key, idOf(name), period), period);
  const { next, account } = await explainUser(ctx, { app, user: name });
  const note = problem === '' ? '' : `; as read before: ${problem}`;
  const why = done ? (next?.explanation ?? '') : `not done yet: ${(await getAppStatus(ctx, { app })).explanation}`;
  return { user: name, done, explanation: `${why}${note}`, steps, account };
}

function unknown({ asked, name, problem }: ReadUser): ProvisionUsersResponse {
  const why =
    name === '' ? 'Google knows nobody by this id or address: check it' : 'what was read has not come here yet';
  return { user: name || asked, done: false, explanation: problem || why, steps: [], account: undefined };
}

function idOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
