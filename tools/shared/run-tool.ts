import { MissingPrerequisiteError, startNetwork } from '@autoprov/testing';
import type { Network, NetworkOptions } from '@autoprov/testing';
import type { Display } from './display.ts';

/** Somebody asked this process to end. */
class StoppedError extends Error {}

let isOrphaned = false;

const stopped = new Promise<never>((_resolve, reject) => {
  const stop = (): void => reject(new StoppedError());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  // tools/bootstrap.mjs is gone without a word.
  process.on('disconnect', () => {
    isOrphaned = true;
    stop();
  });
});
stopped.catch(() => {});

/** Never resolves; rejects when this process is asked to end. */
export function untilStopped(): Promise<never> {
  return stopped;
}

/**
 * Runs `main` as this process and ends with the exit code that it answers. What the machine lacks is said in a sentence.
 * What is left running, because it was just being started, is ended by tools/bootstrap.mjs.
 */
export async function runTool(main: () => Promise<number>): Promise<never> {
  try {
    process.exit(await main());
  } catch (err) {
    if (isOrphaned) process.kill(-process.pid, 'SIGINT');
    if (err instanceof StoppedError) process.exit(130);
    console.error(err instanceof MissingPrerequisiteError ? `\n${err.message}` : err);
    process.exit(1);
  }
}

/** Starts a network, shows how that goes, and stops it when `use` is done, has failed, or this process is to end. */
export async function withNetwork<Result>(
  display: Display,
  options: NetworkOptions,
  use: (network: Network) => Promise<Result>,
): Promise<Result> {
  const onTrouble = (sentence: string): void => display.print(`  ! ${sentence}`);
  let network: Network | undefined;
  try {
    const starting = startNetwork({ ...options, onProgress: (...step) => display.step(...step), onTrouble });
    network = await Promise.race([starting, stopped]);
    display.done();
    return await Promise.race([use(network), stopped]);
  } catch (err) {
    display.fail();
    throw err;
  } finally {
    await network?.stop();
  }
}
