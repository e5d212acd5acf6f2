import { createHash } from 'node:crypto';
import PQueue from 'p-queue';
import { request, type Dispatcher } from 'undici';
import { beforeSending } from './before-sending.ts';
import { backoffMs, sleep, type Secret } from '@autoprov/service';
import { classify, parseJson, speaksScim, type JsonObject, type TemplatePattern } from '@autoprov/scim';

import type { Pace } from './pace.ts';
import { readBeginning, readWhole, tooLarge } from './read-body.ts';
import { failureOfError, ScimFailureError, type ScimAnswer, type ScimFailure } from './scim-failure.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Where and how one app's service provider is reached. */
export type ScimClientOptions = {
  baseUrl: string;
  dispatcher: Dispatcher;
  /** The Authorization header; `forceNew` after it was refused. undefined: ask without. Throws ScimFailureError when there is none. */
  authorization: (forceNew: boolean) => Promise<Secret | undefined>;
  /** Where requests wait for their turn. */
  requestPace: Pace;
  maxConcurrentRequests: number;
  /** What the template says of the service provider's refusals. */
  errorPatterns?: readonly TemplatePattern[];
  /** Where writes wait for their turn before; absent: they wait as other requests do. */
  writePace?: Pace;
  /** The service stops: what waits for its turn is not sent. */
  stopping?: AbortSignal;
  timeoutMs: number;
  /** How long one request may be tried again before it counts as failed. */
  retryForMs: number;
  /** Aborts everything, for example when the lease is lost. */
  signal: AbortSignal;
  /** Asked when a request's turn has come, and again before its first byte; false: it is not sent, and the pass ends. */
  mayStart: () => boolean;
  /** Asked when a write's turn has come; throws when it may not be sent: see watchHolds. Absent: everything may. */
  assertNotHeld?: (isRemoval: boolean) => Promise<void>;
  /** Called for each request that is sent. */
  onRequest: (method: Method) => void;
};

/** Thrown when no further request may be sent in this pass: the service stops, or too little is left of the lease. */
export class PassEndedError extends Error {
  override name = 'PassEndedError';

  constructor() {
    super('no further request may be sent with this lease: the next pass goes on');
  }
}

type Asked = { method: Method; path: string; body: JsonObject | undefined; isRemoval: boolean };

/** Answers that only announce one, as 103 Early Hints. */
const maxInformational = 10;

/** Speaks SCIM with one service provider: rate, concurrency, in-call retries, one renewal of a refused token. */
export class ScimClient {
  readonly #options: ScimClientOptions;
  readonly #queue: PQueue;
  readonly #dispatcher: Dispatcher;
  /** Of the Authorization header that was refused last; undefined once one is taken. */
  refusedDigest: string | undefined;

  constructor(options: ScimClientOptions) {
    this.#options = options;
    this.#dispatcher = options.dispatcher.compose(beforeSending(() => this.#assertMayStart()));
    this.#queue = new PQueue({ concurrency: options.maxConcurrentRequests });
  }

  /**
   * Sends one request and tries again what may be tried again. Throws only when the signal aborts or the pass ends.
   *
   * @param how `isRemoval`: it takes somebody's access away; `isRepeatable`: to do it twice is to do it once
   */
  async send(
    method: Method,
    path: string,
    body?: JsonObject,
    { isRemoval = method === 'DELETE', isRepeatable = method !== 'POST' } = {},
  ): Promise<ScimAnswer> {
    const giveUpAtMs = performance.now() + this.#options.retryForMs;
    let renewed = false;
    let unknownEnd = false;
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#sendOnce({ method, path, body, isRemoval }, renewed);
      if (answer.ok) return answer;
      unknownEnd ||= method !== 'GET' && mayBeDone(answer.failure);
      const failure = unknownEnd ? { ...answer.failure, unknownEnd } : answer.failure;
      if (failure.code === '17010' && failure.httpStatus > 0 && !renewed) {
        renewed = true;
        continue;
      }
      const waitMs = failure.retryAfterMs ?? backoffMs(attempt - 1, { baseMs: 200, capMs: 10_000 });
      if (!mayRepeat(isRepeatable, failure) || performance.now() + waitMs > giveUpAtMs) return { ok: false, failure };
      await sleep(waitMs, this.#options.signal);
    }
  }

  async #sendOnce(asked: Asked, forceNew: boolean): Promise<ScimAnswer> {
    try {
      const authorization = await this.#options.authorization(forceNew);
      const { writePace } = this.#options;
      if (asked.method !== 'GET' && writePace) await this.#awaitTurn(writePace);
      return await this.#queue.add(() => this.#exchange(asked, authorization));
    } catch (err) {
      this.#options.signal.throwIfAborted();
      if (err instanceof ScimFailureError) return { ok: false, failure: err.failure };
      throw err;
    }
  }

  #assertMayStart(): void {
    this.#options.signal.throwIfAborted();
    if (!this.#options.mayStart()) throw new PassEndedError();
  }

  async #awaitTurn(pace: Pace): Promise<void> {
    const { signal, stopping } = this.#options;
    const either = stopping ? AbortSignal.any([signal, stopping]) : signal;
    try {
      await pace.awaitTurn(either);
    } catch (err) {
      signal.throwIfAborted();
      throw stopping?.aborted ? new PassEndedError() : err;
    }
  }

  async #exchange({ method, path, body, isRemoval }: Asked, authorization: Secret | undefined): Promise<ScimAnswer> {
    const { baseUrl, timeoutMs, signal } = this.#options;
    await this.#awaitTurn(this.#options.requestPace);
    if (method !== 'GET') await this.#options.assertNotHeld?.(isRemoval);
    this.#assertMayStart();
    this.#options.onRequest(method);
    const asked = { phase: 'scim' as const, request: { method, path } };
    const flooded = new AbortController();
    let informational = 0;
    try {
      const answer = await request(`${baseUrl}${path}`, {
        method,
        dispatcher: this.#dispatcher,
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs), flooded.signal]),
        onInfo: () => ++informational > maxInformational && flooded.abort(tooLarge()),
        headers: {
          ...(authorization && { authorization: authorization.reveal() }),
          accept: 'application/scim+json, application/json',
          'accept-encoding': 'identity',
          'user-agent': 'autoprov',
          ...(body && { 'content-type': 'application/scim+json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
      });
      const headers = answer.headers as Record<string, string>;
      const httpStatus = answer.statusCode;
      const text = httpStatus < 400 ? await readWhole(answer.body) : await readBeginning(answer.body);
      const json = { parsed: parseJson(text) };
      const extraPatterns = this.#options.errorPatterns ?? [];
      const { code, ...verdict } = classify({ ...asked, status: httpStatus, headers, body: text, json, extraPatterns });
      if (code === '17010' && authorization) this.refusedDigest = digestOfHeader(authorization);
      if (code === null) {
        this.refusedDigest = undefined;
        return { ok: true, status: httpStatus, body: json.parsed };
      }
      return { ok: false, failure: { ...verdict, code, httpStatus, speaksScim: speaksScim(headers, text) } };
    } catch (err) {
      signal.throwIfAborted();
      if (err instanceof PassEndedError) throw err;
      return { ok: false, failure: failureOfError(asked, err) };
    }
  }
}

/** No answer, or one of a server that broke down over the request; whoever refuses for the rate has not begun. */
function mayBeDone({ code, httpStatus }: ScimFailure): boolean {
  return code === '45004' && httpStatus !== 429;
}

/** A POST whose end is not known may have made an account: it is looked up before it is sent again, never here. */
function mayRepeat(isRepeatable: boolean, failure: ScimFailure): boolean {
  if (!failure.retryable) return false;
  return isRepeatable || failure.httpStatus === 429 || failure.code === '45005';
}

/** What tells two headers apart, and gives neither away. */
export function digestOfHeader(header: Secret): string {
  return createHash('sha256').update(header.reveal()).digest('base64');
}
