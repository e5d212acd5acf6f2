import { lookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';

/** Thrown at connect time for an address that no service provider may have. */
export class ForbiddenAddressError extends Error {
  readonly code = 'ERR_FORBIDDEN_ADDRESS';

  constructor(host: string) {
    super(`${host} is not a public address: allow it with SP_ALLOWED_HOSTS if the service provider is your own`);
  }
}

/** Everything that is not the public internet (IANA special-purpose registries). */
const notPublic = new BlockList();
const subnets: [string, number, 'ipv4' | 'ipv6'][] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.0.2.0', 24, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['198.51.100.0', 24, 'ipv4'],
  ['203.0.113.0', 24, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
  ['::', 127, 'ipv6'],
  ['64:ff9b::', 96, 'ipv6'],
  ['2001::', 32, 'ipv6'],
  ['2002::', 16, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
];
for (const [net, bits, family] of subnets) notPublic.addSubnet(net, bits, family);

/** Whether an address may be connected to. IPv4 in IPv6 is judged as the IPv4 it is. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  return !notPublic.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/**
 * The connections to service providers: https with TLS 1.2 or newer, no address outside the public internet unless the
 * operator allows its host, checked when connecting so that a name cannot change its address after a check.
 *
 * @param allowedHosts `host` or `host:port`
 */
export function createOutboundAgent(options: {
  allowedHosts: readonly string[];
  ca?: string;
  timeoutMs: number;
}): Agent {
  const connector = (checked: boolean) =>
    buildConnector({
      timeout: Math.min(5_000, options.timeoutMs),
      ...(options.ca !== undefined && { ca: options.ca }),
      minVersion: 'TLSv1.2',
      ...(checked && { lookup: publicLookup }),
    });
  const [open, checked] = [connector(false), connector(true)];
  return new Agent({
    headersTimeout: options.timeoutMs,
    bodyTimeout: options.timeoutMs,
    connections: 8,
    connect(target, callback) {
      const { hostname, port } = target;
      if (options.allowedHosts.includes(hostname) || options.allowedHosts.includes(`${hostname}:${port}`)) {
        return open(target, callback);
      }
      // An address in the URL is never looked up, so the look-up cannot refuse it.
      const literal = hostname.replace(/^\[|\]$/g, '');
      if (isIP(literal) && !isPublicAddress(literal)) return callback(new ForbiddenAddressError(hostname), null);
      return checked(target, callback);
    },
  });
}

/** Refuses the whole answer if any address in it is not public. */
const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (err, addresses: LookupAddress[]) => {
    if (err) return callback(err, []);
    if (!addresses.every(({ address }) => isPublicAddress(address))) {
      return callback(new ForbiddenAddressError(hostname), []);
    }
    if (options.all) return callback(null, addresses);
    const first = addresses[0]!;
    return callback(null, first.address, first.family);
  });
};
