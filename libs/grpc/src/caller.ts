import type { Metadata } from '@grpc/grpc-js';

/** The metadata key by which a client names itself where there is no TLS, which is on loopback only. */
export const CALLER_KEY = 'x-autoprov-caller';

/** What is known of the other side of a call. */
type Peer = { metadata: Metadata; getAuthContext(): { sslPeerCertificate?: { subjectaltname?: string } } };

/** The name of the calling workload, or '' where it has proved none; with `tls` only its certificate counts. */
export function callerOf(peer: Peer, { tls }: { tls: boolean }): string {
  if (tls) return workloadName(peer.getAuthContext().sslPeerCertificate?.subjectaltname ?? '');
  const [name] = peer.metadata.get(CALLER_KEY);
  return typeof name === 'string' ? name : '';
}

/**
 * The `<name>` of the one SPIFFE id `spiffe://autoprov/<name>` among subject alternative names as Node prints them; ''
 * where it is missing, foreign or not the only URI (SPIFFE X.509-SVID §2: exactly one).
 */
export function workloadName(subjectAltNames: string): string {
  // Node quotes a name that holds a separator. No such name is ours, and taking one apart wrongly would let in a forger.
  if (subjectAltNames.includes('"')) return '';
  const uris = subjectAltNames.split(', ').filter((name) => name.startsWith('URI:'));
  if (uris.length !== 1) return '';
  return /^URI:spiffe:\/\/autoprov\/([a-z0-9-]+)$/.exec(uris[0]!)?.[1] ?? '';
}
