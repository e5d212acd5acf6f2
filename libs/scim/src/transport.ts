import type { FailureReason } from './reasons.ts';

/** How far a request got before the transport failed. `sent`: the service provider may have acted on it. */
export type TransportPhase = 'config' | 'dns' | 'connect' | 'tls' | 'sent';

interface TransportRule {
  regex: RegExp;
  reason: FailureReason;
  /** Only when the request had, or had not, left. */
  sent?: boolean;
  note: string;
}

/** Error codes of Node, OpenSSL and undici, in order. */
const transportRules: readonly TransportRule[] = [
  { regex: /PROXY|_PRX_/, reason: 'PROXY', note: 'our own way out' },
  {
    regex:
      /CERT|SSL|TLS|EPROTO|UNABLE_TO_VERIFY|UNABLE_TO_GET|SELF_SIGNED|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE/,
    reason: 'TLS_FAILURE',
    note: 'an untrusted, expired or foreign certificate, or no TLS at all',
  },
  { regex: /^HPE_|HTTPPARSER|UND_ERR_HTTP_PARSER/, reason: 'WRONG_ENDPOINT', note: 'what answers is not HTTP' },
  {
    regex: /INVALID_URL|INVALID_ARG|INVALID_PROTOCOL|UNSUPPORTED_PROTOCOL|FORBIDDEN|ADDRESS_NOT_ALLOWED|EADDRNOTAVAIL/,
    reason: 'WRONG_ENDPOINT',
    note: 'not a URL that may be called',
  },
  { regex: /ENOTFOUND|EAI_NONAME|EAI_NODATA|ENODATA/, reason: 'DNS_FAILURE', note: 'the name does not exist' },
  { regex: /EAI_|ESERVFAIL|EREFUSED\b|UND_ERR_CONNECT_TIMEOUT/, reason: 'NETWORK_UNREACHABLE', note: 'may pass' },
  {
    regex: /ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN/,
    reason: 'NETWORK_UNREACHABLE',
    note: 'nobody listens',
  },
  { regex: /./, reason: 'NETWORK_UNREACHABLE', sent: false, note: 'anything else before the request left' },
  { regex: /TIMEOUT|TIMEDOUT|ABORT/, reason: 'SP_TIMEOUT', sent: true, note: 'no answer, or it stalled' },
  { regex: /./, reason: 'SP_ERROR', sent: true, note: 'reset, closed or cut off after the request left' },
];

/**
 * The reason for a transport error code, such as ECONNRESET or UND_ERR_BODY_TIMEOUT. Without a phase, the request
 * counts as sent: the service provider may have acted, so a create must be looked up before it is repeated.
 */
export function reasonOfTransport(code: string, phase: TransportPhase | undefined): FailureReason {
  const sent = phase === undefined || phase === 'sent';
  const name = code.toUpperCase();
  const rule = transportRules.find((it) => it.regex.test(name) && (it.sent === undefined || it.sent === sent));
  return rule?.reason ?? 'SP_ERROR';
}
