import { sleep } from '@autoprov/service';

/** Lets one through after the other, at even distances. */
export class Pace {
  readonly #intervalMs: number;
  readonly #mayLagMs: number;
  #nextAtMs: number;
  #last: Promise<void> = Promise.resolve();

  /**
   * @param perSecond how many, at the most
   * @param waitMs until the first, from now
   * @param mayLagMs how much of what was missed is caught up with; 0: there are never more in any second
   */
  constructor(perSecond: number, { waitMs = 0, mayLagMs = 0 } = {}) {
    this.#intervalMs = 1_000 / perSecond;
    this.#mayLagMs = mayLagMs;
    this.#nextAtMs = performance.now() + waitMs;
  }

  /** Until the next may go. */
  get waitMs(): number {
    return Math.max(0, this.#nextAtMs - performance.now());
  }

  /** Resolves when it is the caller's turn, in the order of the calls; rejects when the signal aborts. */
  awaitTurn(signal: AbortSignal): Promise<void> {
    const turn = this.#last.then(() => this.#take(signal));
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    // Timers may be early by a millisecond.
    while (this.waitMs > 0) await sleep(Math.ceil(this.waitMs), signal);
    this.#nextAtMs = Math.max(this.#nextAtMs, performance.now() - this.#mayLagMs) + this.#intervalMs;
  }
}
