import { randomBytes, randomUUID } from 'node:crypto';
import { withLease } from '@autoprov/postgres';
import { Secret } from '@autoprov/service';
import { askDirectory } from '../ask-directory.ts';
import type { ReaderContext } from '../context.ts';
import { DirectoryError } from '../domain/directory-error.ts';
import { hashToken } from '../domain/notification.ts';
import { forEachConcurrently } from '../for-each-concurrently.ts';
import { forgetHurried } from '../store/hurried-users.ts';
import {
  confirmChannel,
  deleteChannel,
  deleteEndedChannels,
  insertChannel,
  listChannelsToStop,
  listMissingChannels,
  type ChannelToStop,
  type MissingChannel,
} from '../store/watch-channels.ts';

/** What changes what is provisioned; who becomes an administrator does not. */
const EVENTS = ['add', 'delete', 'undelete', 'update'];
/** What is asked for; Google answers until when it really notifies. */
const TTL_SECONDS = 86_400;
/** A channel is replaced after this share of its life. */
const RENEW_AFTER_SHARE = 0.75;
/** After Google refused a channel, its customer is left alone for so long: reads go on. */
const PAUSE_MS = 300_000;
const LEASE_MS = 60_000;
const CONCURRENT_REQUESTS = 4;
const REQUEST_TIMEOUT_MS = 15_000;
const owner = randomUUID();

/** What Google answers to users.watch. */
type WatchAnswer = { resourceId?: unknown; expiration?: unknown };

/**
 * Makes a pass over the notification channels of all customers: opens those that are missing or end soon, for customers
 * with an active setup, and stops those that are not needed. One replica does it at a time.
 *
 * @param publicUrl where Google is to send notifications
 */
export function createChannelKeeper(
  context: ReaderContext,
  publicUrl: string,
): (stopping: AbortSignal) => Promise<void> {
  const pausedUntilMs = new Map<string, number>();
  return async (stopping) => {
    await withLease(context.pool, { name: 'watch channels', owner, ttlMs: LEASE_MS }, async ({ lost }) => {
      const signal = AbortSignal.any([stopping, lost]);
      const now = context.now();
      await deleteEndedChannels(context.pool, now);
      await forgetHurried(context.pool, now);
      const missing = await listMissingChannels(context.pool, { events: EVENTS, address: publicUrl, now });
      await forEachConcurrently(missing, CONCURRENT_REQUESTS, async (channel) => {
        if (signal.aborted || (pausedUntilMs.get(channel.customerId) ?? 0) > performance.now()) return;
        await openChannel(context, publicUrl, channel, signal).catch((err: unknown) => {
          if (!(err instanceof DirectoryError)) throw err;
          pausedUntilMs.set(channel.customerId, performance.now() + PAUSE_MS);
          const { customerId, event } = channel;
          context.logger.warn({ customerId, event, problem: err.message }, 'no channel for notifications: reads go on');
        });
      });
      await forEachConcurrently(await listChannelsToStop(context.pool), CONCURRENT_REQUESTS, (channel) =>
        signal.aborted ? Promise.resolve() : stopChannel(context, channel, signal),
      );
    });
  };
}

async function openChannel(
  context: ReaderContext,
  address: string,
  { customerId, event }: MissingChannel,
  signal: AbortSignal,
): Promise<void> {
  const { pool, now } = context;
  const channelId = randomUUID();
  const token = new Secret(randomBytes(32).toString('base64url'));
  const createTime = now();
  const tokenSha256 = hashToken(token.reveal());
  await insertChannel(pool, { channelId, customerId, event, address, tokenSha256, createTime });
  try {
    const directory = askAbout(context, customerId, signal);
    const answer = await directory.watchUsers({ event, channelId, address, token, ttlSeconds: TTL_SECONDS });
    const { resourceId, expiration } = answer.body as WatchAnswer;
    if (typeof resourceId !== 'string')
      throw new DirectoryError('unusable', 'users.watch answered without a resourceId');
    // A number, or digits as a string, as Google does with 64 bits; absent: as long as was asked for.
    const lifeMs = Number(expiration ?? Number.NaN) - Date.now() || TTL_SECONDS * 1000;
    const after = (ms: number) => new Date(createTime.getTime() + ms);
    await confirmChannel(pool, channelId, {
      resourceId,
      expireTime: after(lifeMs),
      renewTime: after(lifeMs * RENEW_AFTER_SHARE),
    });
  } catch (err) {
    // Where the answer was lost Google may notify all the same, and is refused as an unknown channel.
    await deleteChannel(pool, channelId);
    throw err;
  }
}

async function stopChannel(
  context: ReaderContext,
  { channelId, customerId, resourceId }: ChannelToStop,
  signal: AbortSignal,
): Promise<void> {
  try {
    await askAbout(context, customerId, signal).stopChannel({ channelId, resourceId });
  } catch (err) {
    if (!(err instanceof DirectoryError)) throw err;
    // Left to the next pass until it ends by itself; what Google does not know has ended.
    if (err.kind !== 'not-found') return;
  }
  await deleteChannel(context.pool, channelId);
}

function askAbout(context: ReaderContext, customerId: string, signal: AbortSignal) {
  const deadline = new Date(Date.now() + REQUEST_TIMEOUT_MS);
  return askDirectory(context, customerId, { signal, deadline }, { countAs: 'watch' });
}
