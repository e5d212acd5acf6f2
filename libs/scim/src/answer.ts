import type { Headers } from './headers.ts';
import type { TemplatePattern } from './patterns.ts';
import type { JsonValue } from './resource.ts';
import type { FailureCode, FailureReason } from './reasons.ts';
import type { TransportPhase } from './transport.ts';

/** What came back, or did not, from one call to a service provider or to our own token service. */
export interface Answer {
  /** scim: the SCIM endpoint; token: the service provider's token endpoint; internal: our own token service. */
  phase: 'scim' | 'token' | 'internal';
  /** The path is relative to the SCIM base URL, such as `/Users/2819c223`. */
  request: { method: string; path: string };
  /** How the call was authenticated: an OAuth token can be renewed once, a stored bearer or basic one cannot. */
  auth?: 'oauth' | 'bearer' | 'basic';
  /** The OAuth grant of a token call, such as refresh_token. */
  grant?: string;
  status?: number;
  headers?: Headers;
  body?: string;
  /** What parseJson made of the body, where it was parsed already. */
  json?: { parsed: JsonValue | undefined };
  /** The error code of a call without an answer, such as ECONNRESET. */
  transportError?: string;
  transportPhase?: TransportPhase;
  /** The template's own patterns; they are asked before ours. */
  extraPatterns?: readonly TemplatePattern[];
}

/** Which rule decided. After `status` no words were understood: collect those answers, new patterns grow from them. */
export type DecidedBy =
  'transport' | 'token' | 'limit' | 'credentials' | 'endpoint' | 'pattern' | 'scim_type' | 'status';

/** What a rule says; code and retryable only where they differ from those of the reason. */
export interface Verdict {
  reason: FailureReason;
  decidedBy: DecidedBy;
  code?: FailureCode;
  retryable?: boolean;
}

/** What an answer means. `code` is null when the call succeeded. `detail` is fit to be stored and shown. */
export interface Classification {
  code: FailureCode | null;
  reason: FailureReason;
  retryable: boolean;
  decidedBy: DecidedBy;
  scimType?: string;
  detail?: string;
  retryAfterMs?: number;
}
