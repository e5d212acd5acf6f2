import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { stopChild } from '../infra/stop-child.ts';
import { peakMemoryMbOf } from './peak-memory.ts';
import { explainEnd, logFileOf, spawnLogged } from './spawn-logged.ts';
import type { Program } from './spawn-logged.ts';

const READY_MS = 60_000;
const RESTARTS_AT_MOST = 5;

/** A service as a process, started again when it ends by itself, as a supervisor would. */
export class ServiceProcess {
  readonly #program: Program;
  readonly #readyUrl: string;
  readonly #onTrouble: (line: string) => void;
  #child: ChildProcess | undefined;
  /** It is meant to run: when it does not, that is trouble. */
  #isWanted = false;
  #restarts = 0;
  #peakMemoryMb = 0;

  /** @param readyUrl answers 200 once the service may be called */
  constructor(program: Program, readyUrl: string, onTrouble: (line: string) => void) {
    this.#program = program;
    this.#readyUrl = readyUrl;
    this.#onTrouble = onTrouble;
  }

  /** The process id; undefined while there is none. */
  get pid(): number | undefined {
    return this.#child && isAlive(this.#child) ? this.#child.pid : undefined;
  }

  /** Resolves when the service is ready; throws with its last words when it is not within a minute. */
  async start(): Promise<void> {
    const child = await spawnLogged(this.#program);
    this.#child = child;
    await this.#untilReady(child);
    this.#isWanted = true;
    child.once('exit', (code, signal) => {
      if (this.#isWanted) void this.#revive(String(code ?? signal));
    });
  }

  /** Ends the process by a signal and leaves it ended. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    this.#isWanted = false;
    this.peakMemoryMb();
    if (this.#child) await endBy(this.#child, signal);
  }

  /** Lets the process finish what is under way. */
  async stop(): Promise<void> {
    this.#isWanted = false;
    this.peakMemoryMb();
    if (this.#child) await stopChild(this.#child, 'SIGTERM');
  }

  /** The most memory that any of its lives took, as far as it was looked at. */
  peakMemoryMb(): number {
    if (this.pid) this.#peakMemoryMb = Math.max(this.#peakMemoryMb, peakMemoryMbOf(this.pid));
    return this.#peakMemoryMb;
  }

  async #revive(howItEnded: string): Promise<void> {
    const { name } = this.#program;
    const log = logFileOf(this.#program);
    this.#onTrouble(`${name} ended by itself (${howItEnded}) and is started again: read ${log}`);
    while (this.#isWanted && this.#restarts < RESTARTS_AT_MOST) {
      this.#restarts++;
      await delay(500 * this.#restarts);
      try {
        return await this.start();
      } catch {
        // What it said is in its log; the next try may find its port, or its database, again.
      }
    }
    if (this.#isWanted) this.#onTrouble(`${name} is not started again after ${RESTARTS_AT_MOST} times: read ${log}`);
  }

  async #untilReady(child: ChildProcess): Promise<void> {
    const deadlineMs = Date.now() + READY_MS;
    for (;;) {
      if (!isAlive(child)) throw new Error(explainEnd(`${this.#program.name} ended at start`, this.#program));
      const answer = await fetch(this.#readyUrl).catch(() => undefined);
      await answer?.body?.cancel();
      if (answer?.status === 200) return;
      if (Date.now() > deadlineMs) {
        await stopChild(child, 'SIGKILL');
        throw new Error(explainEnd(`${this.#program.name} was not ready within 60 s`, this.#program));
      }
      await delay(25);
    }
  }
}

function isAlive({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

async function endBy(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (!isAlive(child)) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}
