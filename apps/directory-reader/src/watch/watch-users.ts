import { Gauge, runLoop, type Registry } from '@autoprov/service';
import type { ReaderContext } from '../context.ts';
import { countOpenChannels } from '../store/watch-channels.ts';
import { runHurriedReads } from './hurried-reads.ts';
import { createChannelKeeper } from './keep-channels.ts';
import { serveHook } from './serve-hook.ts';

const KEEP_EVERY_MS = 10_000;
/** Of one replica, from whomever. */
const REQUESTS_PER_SECOND = 200;

/** Where notifications come in: the address that Google is told, and the one to listen on. */
export type WatchAddresses = { publicUrl: string; address: string };

/** The fast path: channels at Google, the hook for what they send, and reads of the users that it names. */
export async function watchUsers(
  context: ReaderContext,
  { publicUrl, address }: WatchAddresses,
  registry: Registry,
): Promise<{ port: number; stop(): Promise<void> }> {
  const { logger, pool, now } = context;
  new Gauge({
    name: 'autoprov_watch_channels',
    help: 'Channels by which Google notifies of changed users, of all customers.',
    registers: [registry],
    async collect() {
      this.set(await countOpenChannels(pool, now()));
    },
  });
  const hurriedReads = runHurriedReads(context);
  const hook = await serveHook({
    context,
    address,
    registry,
    requestsPerSecond: REQUESTS_PER_SECOND,
    onHurried: () => hurriedReads.wake(),
  });
  const keeping = runLoop({
    name: 'watch channels',
    everyMs: KEEP_EVERY_MS,
    run: createChannelKeeper(context, publicUrl),
    logger,
  });
  return {
    port: hook.port,
    async stop() {
      await hook.stop();
      await keeping.stop();
      await hurriedReads.stop();
    },
  };
}
