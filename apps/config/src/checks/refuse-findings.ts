import { RpcError, status } from '@autoprov/grpc';
import type { Finding, Refusal } from '../domain/finding.ts';
import { publishedWords } from '../rpc/errors.ts';
import { refuseViolations } from '../rpc/violations.ts';

const RETRY_AFTER_MS = 5_000;

/**
 * Throws what a save is refused with: every field at fault, else the first failure that is no field's fault.
 *
 * @param fieldOf how the request names a field of the setup
 */
export function refuseFindings(findings: readonly Finding[], fieldOf?: (field: string) => string): void {
  const refusing = findings.flatMap(({ refusal, ...finding }) => (refusal ? [{ ...finding, refusal }] : []));
  const [first] = refusing;
  if (!first) return;
  const atFault = refusing.filter(({ refusal }) => refusal.violations);
  refuseViolations(
    atFault.flatMap(({ refusal }) => refusal.violations ?? []),
    fieldOf,
    atFault.reduce((metadata, finding) => ({ ...metadata, ...metadataOf(finding) }), {}),
  );
  const { reason, retryable } = first.refusal;
  throw new RpcError(retryable ? status.UNAVAILABLE : status.FAILED_PRECONDITION, reason, first.message, {
    metadata: metadataOf(first),
    localizedMessage: publishedWords(reason),
    ...(retryable && { retryAfterMs: RETRY_AFTER_MS }),
  });
}

function metadataOf({ code, reason }: Finding & { refusal: Refusal }): Record<string, string> {
  return code === '' ? {} : { code, finer_reason: reason };
}
