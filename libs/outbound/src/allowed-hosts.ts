import { BlockList, isIP } from 'node:net';

/** What the operator allows beside the public internet. */
export type AllowedHosts = {
  /** Whether a host may be called whatever it is; a host that is not named with a port may be called at each. */
  allowsHost: (hostname: string, port: string) => boolean;
  /** Whether an address may be connected to although it is not public. */
  allowsAddress: (address: string) => boolean;
};

/**
 * Reads SP_ALLOWED_HOSTS: `host`, `host:port`, an address, or a range of addresses such as `10.20.0.0/16`. A range opens
 * addresses only: the port is 443 as elsewhere. Throws an Error that names the entry for anything else.
 */
export function readAllowedHosts(entries: readonly string[]): AllowedHosts {
  const hosts = new Set<string>();
  const ranges = new BlockList();
  for (const entry of entries) {
    if (entry.includes('/')) addRange(ranges, entry);
    else hosts.add(normalHost(entry));
  }
  return {
    allowsHost: (hostname, port) =>
      hosts.has(normalHost(hostname)) || hosts.has(`${normalHost(hostname)}:${port || '443'}`),
    allowsAddress(address) {
      const family = address.includes('%') ? 0 : isIP(address);
      return family !== 0 && ranges.check(address, family === 4 ? 'ipv4' : 'ipv6');
    },
  };
}

function addRange(ranges: BlockList, entry: string): void {
  const [, address = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(entry) ?? [];
  const family = isIP(address);
  if (family === 0 || Number(bits) > (family === 4 ? 32 : 128) || Number(bits) === 0) {
    throw new Error(
      `SP_ALLOWED_HOSTS names "${entry}", which is no range of addresses: write for example 10.20.0.0/16`,
    );
  }
  ranges.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
}

/** URLs write IPv6 in brackets, sockets without. */
function normalHost(text: string): string {
  return text.toLowerCase().replace(/^\[([^\]]+)\](?=:\d+$|$)/, '$1');
}

/** Whether the operator allows a URL's host whatever it is. */
export function isAllowedHost({ hostname, port }: URL, allowedHosts: readonly string[]): boolean {
  return readAllowedHosts(allowedHosts).allowsHost(hostname, port);
}
