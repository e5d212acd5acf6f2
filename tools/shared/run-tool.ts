import { MissingPrerequisiteError, startNetwork } from '@autoprov/testing';
import type { Network, NetworkOptions } from '@autoprov/testing';
import type { Display } from './display.ts';

/** Somebody asked this process to end. */
class StoppedError extends Error {}

const stopped = new Promise<never>((_resolve, reject) => {
  const stop = (): void => reject(new StoppedError());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  // Whoever started this is gone without a word: see tools/bootstrap.mjs.
  process.on('disconnect', stop);
});
stopped.catch(() => {});

/** Resolves never; rejects when this process is asked to end. */
export function untilStopped(): Promise<never> {
  return stopped;
}

/**
 * Runs `main` as this process and ends with the exit code that it answers. What the machine lacks is said in a sentence;
 * what is left running when this process ends is ended by tools/bootstrap.mjs.
 */
export async function runTool(main: () => Promise<number>): Promise<never> {
  try {
    process.exit(await Promise.race([main(), stopped]));
  } catch (err) {
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
    network = await startNetwork({ ...options, onProgress: (...step) => display.step(...step), onTrouble });
    display.done();
    return await Promise.race([use(network), stopped]);
  } catch (err) {
    display.fail();
    throw err;
  } finally {
    await network?.stop();
  }
}
