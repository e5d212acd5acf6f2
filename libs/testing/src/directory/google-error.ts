/**
 * A refusal in the Admin SDK's shape. Reasons and messages are those of Google's documentation; a reason in capitals
 * comes as google.rpc.ErrorInfo, as Google's newer front ends answer (AIP-193).
 */
export class GoogleError extends Error {
  override readonly name = 'GoogleError';
  readonly status: number;
  readonly reason: string;
  /** For a Retry-After header. */
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, reason: string, message: string, retryAfterSeconds?: number) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** The body Google answers with. */
  body() {
    const domain = /^(rateLimit|userRateLimit|quota|dailyLimit|accessNotConfigured)/.test(this.reason)
      ? 'usageLimits'
      : 'global';
    const { message, reason, status } = this;
    if (/^[A-Z_]+$/.test(reason)) {
      const info = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'googleapis.com' };
      return { error: { code: status, message, details: [info] } };
    }
    return { error: { code: status, message, errors: [{ message, domain, reason }] } };
  }
}
