import { BlockList, isIP } from 'node:net';

type Subnet = readonly [net: string, bits: number];

/** IPv4 that is not the public internet: IANA's special-purpose registry (RFC 6890), multicast, and a cloud's own host. */
const closedIpv4: readonly Subnet[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  // Azure answers its virtual machines here, in the middle of public addresses.
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  // Multicast, reserved and broadcast.
  ['224.0.0.0', 3],
];

/**
 * What IANA has given out as global unicast so far. Everything else is closed: loopback, IPv4 in IPv6 (`::a.b.c.d`, `::ffff:0:0/96`,
 * `64:ff9b::/96`, `64:ff9b:1::/48`), `100::/64`, `5f00::/16`, `fc00::/7`, `fe80::/10`, `fec0::/10`, multicast.
 */
const globalIpv6: Subnet = ['2000::', 3];

/** What is closed within it. */
const closedIpv6: readonly Subnet[] = [
  // IETF protocols: Teredo, benchmarking, ORCHID.
  ['2001::', 23],
  ['2001:db8::', 32],
  // 6to4: an IPv4 address in IPv6.
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
];

const closed = new BlockList();
for (const [net, bits] of closedIpv4) closed.addSubnet(net, bits, 'ipv4');
for (const [net, bits] of closedIpv6) closed.addSubnet(net, bits, 'ipv6');
const global = new BlockList();
global.addSubnet(...globalIpv6, 'ipv6');

/** Whether an address is one of the public internet; false for whatever is no address, and for one with a zone. */
export function isPublicAddress(address: string): boolean {
  if (address.includes('%')) return false;
  switch (isIP(address)) {
    case 4:
      return !closed.check(address, 'ipv4');
    case 6:
      return global.check(address, 'ipv6') && !closed.check(address, 'ipv6');
    default:
      return false;
  }
}
