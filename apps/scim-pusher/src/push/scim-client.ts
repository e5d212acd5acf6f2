import PQueue from 'p-queue';
import { request, type Dispatcher } from 'undici';
import { backoffMs, sleep } from '@autoprov/service';
import { classify, parseJson, type Answer, type JsonObject, type JsonValue } from '@autoprov/scim';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What came of a request: an answer that says yes, or why not. */
export type ScimAnswer =
  { ok: true; status: number; body: JsonValue | undefined } | { ok: false; failure: ScimFailure };

/** Why a push failed, in the terms of the error model. */
export type ScimFailure = {
  code: string;
  reason: string;
  retryable: boolean;
  /** The service provider's own words, or ours where it said none; without secrets and addresses. */
  detail?: string;
  scimType?: string;
  /** 0: no answer came. */
  httpStatus: number;
  /** How long the service provider asks to wait. */
  retryAfterMs?: number;
};

/** Where and how one app's service provider is reached. */
export type ScimClientOptions = {
  baseUrl: string;
  dispatcher: Dispatcher;
  /** The Authorization header; `forceNew` after it was refused. Throws ScimFailureError when there is none. */
  authorization: (forceNew: boolean) => Promise<string>;
  maxRequestsPerSecond: number;
  maxConcurrentRequests: number;
  timeoutMs: number;
  /** How long one request may be tried again before it counts as failed. */
  retryForMs: number;
  /** Aborts everything, for example when the lease is lost. */
  signal: AbortSignal;
  /** Asked when a request's turn has come; false: it is not sent, and the pass ends. */
  mayStart: () => boolean;
  /** Called for each request that is sent. */
  onRequest: (method: Method) => void;
};

/** Thrown where no request can be made at all, with what is known as data. */
export class ScimFailureError extends Error {
  override name = 'ScimFailureError';
  readonly failure: ScimFailure;

  constructor(failure: ScimFailure) {
    super(failure.detail ?? failure.reason);
    this.failure = failure;
  }
}

/** Thrown when no further request may be sent in this pass: the service stops, or too little is left of the lease. */
export class PassEndedError extends Error {
  override name = 'PassEndedError';

  constructor() {
    super('no further request may be sent with this lease: the next pass goes on');
  }
}

const maxBodyBytes = 2 * 1024 * 1024;

/** Speaks SCIM with one service provider: rate, concurrency, in-call retries, one renewal of a refused token. */
export class ScimClient {
  readonly #options: ScimClientOptions;
  readonly #queue: PQueue;

  constructor(options: ScimClientOptions) {
    this.#options = options;
    this.#queue = new PQueue({
      concurrency: options.maxConcurrentRequests,
      interval: 100,
      intervalCap: Math.max(1, Math.round(options.maxRequestsPerSecond / 10)),
    });
  }

  /** Sends one request and tries again what may be tried again. Throws only when the signal aborts. */
  async send(method: Method, path: string, body?: JsonObject): Promise<ScimAnswer> {
    const giveUpAtMs = performance.now() + this.#options.retryForMs;
    let renewed = false;
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#sendOnce(method, path, body, renewed);
      if (answer.ok) return answer;
      const { failure } = answer;
      if (failure.code === '17010' && failure.httpStatus > 0 && !renewed) {
        renewed = true;
        continue;
      }
      const waitMs = failure.retryAfterMs ?? backoffMs(attempt - 1, { baseMs: 200, capMs: 10_000 });
      if (!mayRepeat(method, failure) || performance.now() + waitMs > giveUpAtMs) return answer;
      await sleep(waitMs, this.#options.signal);
    }
  }

  async #sendOnce(method: Method, path: string, body: JsonObject | undefined, forceNew: boolean): Promise<ScimAnswer> {
    try {
      const authorization = await this.#options.authorization(forceNew);
      return await this.#queue.add(() => this.#exchange(method, path, body, authorization));
    } catch (err) {
      this.#options.signal.throwIfAborted();
      if (err instanceof ScimFailureError) return { ok: false, failure: err.failure };
      throw err;
    }
  }

  async #exchange(
    method: Method,
    path: string,
    body: JsonObject | undefined,
    authorization: string,
  ): Promise<ScimAnswer> {
    const { baseUrl, dispatcher, timeoutMs, signal } = this.#options;
    signal.throwIfAborted();
    if (!this.#options.mayStart()) throw new PassEndedError();
    this.#options.onRequest(method);
    const asked = { phase: 'scim' as const, request: { method, path } };
    try {
      const answer = await request(`${baseUrl}${path}`, {
        method,
        dispatcher,
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        headers: {
          authorization,
          accept: 'application/scim+json, application/json',
          'user-agent': 'autoprov',
          ...(body && { 'content-type': 'application/scim+json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
      });
      const text = await readCapped(answer.body);
      const verdict = classify({
        ...asked,
        status: answer.statusCode,
        headers: answer.headers as Record<string, string>,
        body: text,
      });
      if (verdict.code === null) return { ok: true, status: answer.statusCode, body: parseJson(text) };
      return { ok: false, failure: { ...verdict, code: verdict.code, httpStatus: answer.statusCode } };
    } catch (err) {
      signal.throwIfAborted();
      const verdict = classify({ ...asked, ...transportOf(err) });
      return { ok: false, failure: { ...verdict, code: verdict.code ?? '45004', httpStatus: 0 } };
    }
  }
}

/** A POST whose end is not known may have made an account: it is looked up before it is sent again, never here. */
function mayRepeat(method: Method, failure: ScimFailure): boolean {
  if (!failure.retryable) return false;
  return method !== 'POST' || failure.httpStatus === 429 || failure.code === '45005';
}

async function readCapped(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes)
      throw Object.assign(new Error('the answer is too large'), { code: 'UND_ERR_BODY_TOO_LARGE' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const phases: Record<string, NonNullable<Answer['transportPhase']>> = {
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  ECONNREFUSED: 'connect',
  EHOSTUNREACH: 'connect',
  ENETUNREACH: 'connect',
  UND_ERR_CONNECT_TIMEOUT: 'connect',
  ERR_INVALID_URL: 'config',
  ERR_FORBIDDEN_ADDRESS: 'config',
};

function transportOf(err: unknown) {
  const named = err as { code?: string; name?: string; cause?: { code?: string } };
  const timedOut = named.name === 'TimeoutError';
  const code = timedOut ? 'UND_ERR_HEADERS_TIMEOUT' : (named.code ?? named.cause?.code ?? 'UND_ERR_SOCKET');
  const phase = phases[code] ?? (/CERT|SSL|TLS/.test(code) ? 'tls' : 'sent');
  return { transportError: code, transportPhase: phase };
}
