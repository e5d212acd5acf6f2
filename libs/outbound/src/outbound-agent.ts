import { lookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import type { LookupFunction, Socket } from 'node:net';
import { createSecureContext, getCACertificates } from 'node:tls';
import { Agent, buildConnector } from 'undici';
import { readAllowedHosts, type AllowedHosts } from './allowed-hosts.ts';
import { checkHost, mayConnect } from './check-url.ts';

/** Thrown at connect time for what may not be called; nothing was sent. */
export class ForbiddenAddressError extends Error {
  readonly code = 'ERR_FORBIDDEN_ADDRESS';

  constructor(host: string, what = 'is not a public address: allow it with SP_ALLOWED_HOSTS if it is your own') {
    super(`${host} ${what}`);
  }
}

/** Resolves a name to all its addresses; as `lookup` of node:dns. */
export type ResolveAll = (
  hostname: string,
  options: LookupAllOptions,
  callback: (err: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** What is waited for a connection at most. */
const connectTimeoutMs = 5_000;
const maxHeaderBytes = 16 * 1024;
/** Of one answer with its headers, on the wire. Much less is read of bodies; what is between them is counted nowhere else. */
const maxAnswerBytes = 4 * 1024 * 1024;

/**
 * The connections to service providers and their token endpoints: https with TLS 1.2 or newer, port 443, no address
 * outside the public internet unless the operator allows it. Names and addresses are checked in the very look-up that
 * connects, so that a name cannot change its address after a check. Redirects are not followed, proxies of the environment
 * not used.
 *
 * @param allowedHosts what the operator allows: see readAllowedHosts. Such a host may also be called without TLS, as tests do
 * @param ca a private authority, PEM, trusted beside the public ones
 * @param timeoutMs until the headers of an answer, and between two parts of its body
 * @param resolveAll how names are resolved; default: as the machine does
 */
export function createOutboundAgent(options: {
  allowedHosts: readonly string[];
  ca?: string;
  timeoutMs: number;
  resolveAll?: ResolveAll;
}): Agent {
  const allowed = readAllowedHosts(options.allowedHosts);
  const resolveAll = options.resolveAll ?? lookup;
  const secureContext = createSecureContext({
    minVersion: 'TLSv1.2',
    ...(options.ca !== undefined && { ca: [...getCACertificates('default'), options.ca] }),
  });
  const connector = (resolve: LookupFunction) =>
    buildConnector({
      timeout: Math.min(connectTimeoutMs, options.timeoutMs),
      secureContext,
      // Whatever the environment says.
      rejectUnauthorized: true,
      allowH2: false,
      lookup: resolve,
    });
  const open = connector(checkedLookup(resolveAll, () => true));
  const checked = connector(checkedLookup(resolveAll, (address) => mayConnect(address, allowed)));
  return new Agent({
    headersTimeout: options.timeoutMs,
    bodyTimeout: options.timeoutMs,
    maxHeaderSize: maxHeaderBytes,
    connections: 8,
    allowH2: false,
    connect(target, callback) {
      const { hostname, port, protocol } = target;
      const guarded: typeof callback = (...result) => {
        if (result[0] === null) endFlood(result[1]);
        return callback(...result);
      };
      if (allowed.allowsHost(hostname, port)) return open(target, guarded);
      const refusal = protocol === 'https:' ? checkHost(target, allowed) : 'is not called by https: it must be';
      if (refusal !== undefined) return callback(new ForbiddenAddressError(hostname, refusal), null);
      return checked(target, (...result) => {
        const [err, socket] = result;
        if (err !== null || isWhereItMayBe(socket, allowed)) return guarded(...result);
        socket.destroy();
        return callback(new ForbiddenAddressError(hostname), null);
      });
    },
  });
}

/**
 * Cuts the connection of who answers one request with more than anybody needs, as with chunk extensions or informational
 * answers without end: they would keep the process busy until the request runs out of time.
 */
function endFlood(socket: Socket): void {
  let [writtenBefore, readBefore] = [socket.bytesWritten, socket.bytesRead];
  socket.on('readable', () => {
    if (socket.bytesWritten !== writtenBefore) [writtenBefore, readBefore] = [socket.bytesWritten, socket.bytesRead];
    if (socket.bytesRead - readBefore <= maxAnswerBytes) return;
    socket.destroy(Object.assign(new Error('the answer is too large'), { code: 'UND_ERR_BODY_TOO_LARGE' }));
  });
}

/** Looks once more where the connection ended up, before anything is written to it. */
function isWhereItMayBe({ remoteAddress = '' }: Socket, allowed: AllowedHosts): boolean {
  return mayConnect(remoteAddress, allowed);
}

/** Refuses the whole answer if any address in it is refused. */
function checkedLookup(resolveAll: ResolveAll, mayUse: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    resolveAll(hostname, { ...options, all: true }, (err, addresses) => {
      if (err) return callback(err, []);
      const [first] = addresses;
      if (!first || !addresses.every(({ address }) => mayUse(address))) {
        return callback(new ForbiddenAddressError(hostname), []);
      }
      if (options.all) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });
  };
}
