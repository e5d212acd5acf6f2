import { fillIn, findEntry } from '@autoprov/failure-catalogue';
import { rpcErrorOf, status, type RpcFailure } from '@autoprov/grpc';
import { SpecError } from './apply/read-spec.ts';
import { PlanError } from './apply/plan.ts';
import { CommandError, UsageError } from './io.ts';
import { printable } from './output.ts';

const OWN_ERRORS = [UsageError, CommandError, SpecError, PlanError];

/** What a person reads when a command fails: one sentence, the reason, what is wrong where, what to do. Never a stack. */
export function formatError(err: unknown): string {
  if (err instanceof Error && OWN_ERRORS.some((own) => err instanceof own)) return `error: ${err.message}`;
  if (isRpcError(err)) return formatRefusal(rpcErrorOf(err));
  const message = err instanceof Error ? err.message : String(err);
  return `error: ${message}\n  This is a mistake in autoprov itself: please report it with the command you ran.`;
}

function formatRefusal(refusal: RpcFailure): string {
  const { reason, localizedMessage, fieldViolations } = refusal;
  const message = isUnreachable(refusal) ? describeUnreachable(refusal) : refusal.message;
  const headline = localizedMessage ?? message;
  const steps = stepsFor(refusal);
  return [
    `error: ${printable(headline)} (${reason || status[refusal.code]})`,
    ...(headline === message ? [] : [`  ${printable(message)}`]),
    ...fieldViolations.map(({ field, description }) => `  - ${field ? `${field}: ` : ''}${printable(description)}`),
    ...(steps.length > 0 ? ['What to do:', ...steps.map((step) => `  - ${step}`)] : []),
  ].join('\n');
}

/** No service of ours has answered. */
function isUnreachable({ code, reason }: RpcFailure): boolean {
  return reason === '' && code === status.UNAVAILABLE;
}

/** grpc-js nests what the operating system said in its own words. */
function describeUnreachable({ message }: RpcFailure): string {
  const [cause] = /connect E[A-Z]+ [\w.:[\]]*\w/.exec(message) ?? [];
  return `a service cannot be reached: ${cause ?? message}`;
}

function stepsFor(refusal: RpcFailure): string[] {
  const { code, reason, metadata, retryAfterMs } = refusal;
  const known = findEntry(reason)?.resolution.map((step) => fillIn(step, metadata));
  if (known) return known;
  if (isUnreachable(refusal)) {
    return ['See that the services run ("npm start" starts the local ones), and that their addresses are right.'];
  }
  if (code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED) {
    return [
      retryAfterMs === undefined ? 'Try again in a moment.' : `Try again in ${Math.ceil(retryAfterMs / 1000)} s.`,
    ];
  }
  return [];
}

function isRpcError(err: unknown): boolean {
  return err instanceof Error && 'code' in err && 'details' in err;
}
