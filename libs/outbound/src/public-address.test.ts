import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isPublicAddress } from './index.ts';

test.each(['1.1.1.1', '8.8.8.8', '9.255.255.255', '100.63.255.255', '100.128.0.0', '172.15.255.255', '172.32.0.0'])(
  '%s is public',
  (address) => expect(isPublicAddress(address)).toBe(true),
);

test.each(['2606:4700:4700::1111', '2001:4860:4860::8888', '2001:200::1', '2a00:1450:4001::200e', '3ffe::1'])(
  '%s is public',
  (address) => expect(isPublicAddress(address)).toBe(true),
);

test('an IPv4 address is never public in the form of IPv6, whichever it is', () => {
  const forms = ['::', '::ffff:', '::ffff:0:', '64:ff9b::', '64:ff9b:1::'];
  fc.assert(
    fc.property(fc.ipV4(), fc.constantFrom(...forms), (address, prefix) => {
      expect(isPublicAddress(`${prefix}${address}`)).toBe(false);
    }),
  );
});

test('what is no address, or has a zone, is never public', () => {
  for (const text of ['', 'localhost', '8.8.8', '8.8.8.8 ', '8.8.8.8:443', '[2606:4700::1]', '0x8.8.8.8']) {
    expect(isPublicAddress(text)).toBe(false);
  }
  fc.assert(fc.property(fc.ipV6(), (address) => expect(isPublicAddress(`${address}%eth0`)).toBe(false)));
});
