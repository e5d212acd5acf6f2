import type { Logger } from './logger.ts';
import { backoffMs } from './wait.ts';

/** What a loop is made of. */
export type LoopOptions = {
  /** For the log. */
  name: string;
  /** Between the end of one pass and the start of the next, ±10 % so that replicas do not tick together. */
  everyMs: number;
  /** One pass. `signal` is aborted when the loop is stopped. */
  run: (signal: AbortSignal) => Promise<void>;
  logger: Logger;
  /** Told of every failed pass with the number of failures in a row. Throw in it to end the process. Logs unless given. */
  onError?: (err: unknown, failures: number) => void;
};

/** Work that is done again and again until it is stopped. */
export type Loop = {
  /** Asks for a pass at once; while one is running, for another right after it. */
  wake(): void;
  /** Resolves when no pass is running and none was asked for. */
  idle(): Promise<void>;
  /** Starts no more passes and waits for the running one. */
  stop(): Promise<void>;
};

/**
 * Starts `run` now and then every `everyMs`, never two passes at a time. After a failed pass it goes on, with back-off
 * from 1 s to `everyMs` or 30 s, whichever is longer: the next pass repairs what this one could not.
 */
export function runLoop({ name, everyMs, run, logger, onError }: LoopOptions): Loop {
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let woken = false;
  let failures = 0;

  async function runPasses(): Promise<void> {
    let again = true;
    while (again && !stopping.signal.aborted) {
      woken = false;
      const succeeded = await runPass();
      // What woke a failed pass waits for the back-off: a pass that wakes itself would else spin.
      again = woken && succeeded;
    }
  }

  async function runPass(): Promise<boolean> {
    try {
      await run(stopping.signal);
      failures = 0;
      return true;
    } catch (err) {
      if (stopping.signal.aborted) return false;
      failures += 1;
      if (onError) onError(err, failures);
      else logger.error({ err, loop: name, failures }, 'loop pass failed');
      return false;
    }
  }

  function start(): void {
    clearTimeout(timer);
    // Not at once: the first pass may want to wake the loop, which its maker does not hold yet.
    running = Promise.resolve()
      .then(runPasses)
      .then(() => {
        running = undefined;
        if (!stopping.signal.aborted) timer = setTimeout(start, nextMs());
      });
  }

  function nextMs(): number {
    if (failures === 0) return everyMs * (0.9 + Math.random() * 0.2);
    const limits = { baseMs: Math.min(everyMs, 1_000), capMs: Math.max(everyMs, 30_000) };
    return backoffMs(failures - 1, limits);
  }

  start();
  return {
    wake() {
      if (running) woken = true;
      else if (!stopping.signal.aborted) start();
    },
    async idle() {
      while (running) await running;
    },
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await running;
    },
  };
}
