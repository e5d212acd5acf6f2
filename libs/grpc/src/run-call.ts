import { status } from '@grpc/grpc-js';
import type { StatusObject } from '@grpc/grpc-js';
import type { Histogram, Logger } from '@autoprov/service';
import { authorize, hashPerson, refuseClosed } from './authorize.ts';
import type { Authorization, Authorizer, MethodRole } from './authorize.ts';
import { contextOf } from './call-context.ts';
import type { CallBasics, CallContext, ServerCall } from './call-context.ts';
import { isServiceError } from './rpc-error-of.ts';
import { RpcError, toStatusObject } from './rpc-error.ts';

/** One method as it is served. */
export type ServedMethod = {
  /** As on the wire: /package.Service/Method. */
  path: string;
  /** The workloads that may call it without a role. */
  allowed: readonly string[];
  /** What everybody else needs; undefined: nobody else may. */
  role: MethodRole | undefined;
  /** How far away a deadline may be. */
  maxMs: number;
  decode: (bytes: Buffer) => unknown;
  encode: (response: never) => Buffer;
  handler: (request: unknown, call: CallContext) => unknown;
};

/** What the calls of all methods of a server share. */
export type CallRules = {
  callerOf: (call: ServerCall) => string;
  authorizer: Authorizer;
  /** True for errors that say that something behind this service does not answer. */
  isUnavailable: (err: unknown) => boolean;
  logger: Logger;
  durationSeconds: Histogram<'service' | 'method' | 'code'>;
};

/** How a call ended: with what its work gave, or with the status to send instead. */
export type Ended<T> = { value: T } | { error: StatusObject };

/** Runs the work of one call: who may call, until when, what becomes of errors, log line and metric. Never rejects. */
export async function runCall<T>(
  method: ServedMethod,
  rules: CallRules,
  call: ServerCall,
  work: (request: unknown, context: CallContext) => Promise<T>,
): Promise<Ended<T>> {
  const startMs = performance.now();
  const gone = new AbortController();
  const abort = (): void => gone.abort(new Error('the caller does not wait any more'));
  call.on('cancelled', abort);
  const basics = contextOf(call, rules.callerOf(call), gone.signal);
  let person: string | undefined;
  const report = (code: status, error?: { reason?: string; err?: unknown }): void =>
    reportCall(rules, method.path, basics, { code, durationMs: performance.now() - startMs, person, ...error });
  try {
    refuseClosed({ ...method, caller: basics.caller });
    checkDeadline(basics, method);
    const request = decodeRequest(method, call.request);
    const authorization = await authorizeCall(method, rules.authorizer, basics, request);
    person = authorization.person;
    const value = await withRoles(method, authorization, (checked) => work(request, { ...basics, ...checked }));
    report(gone.signal.aborted ? codeOfGone(basics) : status.OK);
    return { value };
  } catch (err) {
    if (gone.signal.aborted) {
      const code = codeOfGone(basics);
      report(code, { err });
      return { error: { code, details: 'nobody waits for this', metadata: call.metadata } };
    }
    const error = toRpcError(err, rules.isUnavailable);
    report(error.code, { reason: error.reason, err: error.cause });
    return { error: toStatusObject(error) };
  } finally {
    // grpc-js says 'cancelled' at the end of every call; what the handler left to finish later must not hear that.
    call.off('cancelled', abort);
  }
}

function checkDeadline({ deadline }: CallBasics, { path, maxMs }: ServedMethod): void {
  const remainingMs = deadline.getTime() - Date.now();
  if (!(remainingMs <= maxMs)) {
    const message = `${path} needs a deadline: set one of at most ${maxMs / 1_000} s`;
    throw new RpcError(status.INVALID_ARGUMENT, 'DEADLINE_REQUIRED', message, { metadata: { maxMs: String(maxMs) } });
  }
}

function authorizeCall(
  { path, allowed, role }: ServedMethod,
  authorizer: Authorizer,
  { caller, metadata }: CallBasics,
  request: unknown,
): Promise<Authorization> {
  const authorization = metadata.get('authorization');
  return authorize({ path, allowed, role, caller, authorization, request }, authorizer);
}

/** Runs the work. A handler whose answer alone tells the customer must have asked for the role before it answers. */
async function withRoles<T>(
  { path, role: needed }: ServedMethod,
  { requireRole, ...authorization }: Authorization,
  work: (authorization: Authorization) => Promise<T>,
): Promise<T> {
  let isAsked = !(typeof needed === 'object' && needed.customer === 'answer');
  const value = await work({
    ...authorization,
    requireRole(role, customer) {
      isAsked = true;
      requireRole(role, customer);
    },
  });
  if (!isAsked) throw new Error(`${path} was about to answer without call.requireRole: ask before answering`);
  return value;
}

function decodeRequest({ path, decode }: ServedMethod, bytes: Buffer): unknown {
  try {
    return decode(bytes);
  } catch (cause) {
    const message = `the request of ${path} can't be decoded: use the proto files of this version`;
    throw new RpcError(status.INVALID_ARGUMENT, 'INVALID_REQUEST', message, { cause });
  }
}

function codeOfGone({ deadline }: CallBasics): status {
  // A timer may fire a millisecond early.
  return Date.now() + 1 >= deadline.getTime() ? status.DEADLINE_EXCEEDED : status.CANCELLED;
}

function toRpcError(err: unknown, isUnavailable: (err: unknown) => boolean): RpcError {
  if (err instanceof RpcError) return err;
  const isTransport = isServiceError(err) && [status.UNAVAILABLE, status.DEADLINE_EXCEEDED].includes(err.code);
  if (isTransport || isUnavailable(err)) {
    // With a wait, so that the callers of our callers do not multiply the retries.
    const details = { retryAfterMs: 1_000, cause: err };
    return new RpcError(
      status.UNAVAILABLE,
      'DEPENDENCY_UNAVAILABLE',
      'a service behind this one does not answer: try again later',
      details,
    );
  }
  return new RpcError(status.INTERNAL, 'INTERNAL', 'internal error', {
    cause: err ?? new Error('thrown without a value'),
  });
}

type CallEnd = { code: status; durationMs: number; person: string | undefined; reason?: string; err?: unknown };

function reportCall(
  { logger, durationSeconds }: CallRules,
  path: string,
  { caller, requestId, traceparent }: CallBasics,
  { code, durationMs, person, reason, err }: CallEnd,
): void {
  const [, service, method] = path.split('/') as [string, string, string];
  durationSeconds.observe({ service, method, code: status[code] }, durationMs / 1_000);
  const level = code === status.INTERNAL ? 'error' : code === status.UNAVAILABLE ? 'warn' : 'info';
  const who = { caller, ...(person !== undefined && { person: hashPerson(person) }) };
  const fields = { method: path, ...who, code: status[code], reason, durationMs: Math.round(durationMs), requestId };
  logger[level]({ ...fields, traceId: traceparent.slice(3, 35), err }, 'rpc handled');
}
