import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createSealer, UnreadableSecretError, type SealedFor } from './sealing.ts';

const [first, second] = [randomBytes(32), randomBytes(32)];
const sealer = createSealer([first]);
const owner: SealedFor = { customerId: 'acme', appId: 'crm', kind: 'bearer', version: 1n };

test('what was sealed opens for its owner, and no two seals are the same', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (secret) => {
      const sealed = sealer.seal(secret, owner);
      expect(sealer.open(sealed, owner)).toBe(secret);
      expect(sealed.equals(sealer.seal(secret, owner))).toBe(false);
    }),
  );
});

test.each<[string, Partial<SealedFor>]>([
  ['customer', { customerId: 'other' }],
  ['app', { appId: 'hr' }],
  ['kind', { kind: 'basic' }],
  ['version', { version: 2n }],
])('a secret that was put into the row of another %s does not open', (_, change) => {
  const sealed = sealer.seal('s3cret', owner);
  expect(() => sealer.open(sealed, { ...owner, ...change })).toThrow(UnreadableSecretError);
});

const anyId = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,20}$/);
const anyOwner: fc.Arbitrary<SealedFor> = fc.record({
  customerId: anyId,
  appId: fc.oneof(anyId, fc.constant('')),
  kind: fc.constantFrom('bearer', 'basic', 'service_account', 'oauth_code', 'oauth_client_credentials'),
  version: fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
});

test('whatever was sealed for one owner opens for no other, and cannot be sealed anew for one', () => {
  const change = fc.constantFrom<keyof SealedFor>('customerId', 'appId', 'kind', 'version');
  fc.assert(
    fc.property(anyOwner, anyOwner, change, fc.string(), (mine, theirs, field, secret) => {
      fc.pre(mine[field] !== theirs[field]);
      const sealed = sealer.seal(secret, mine);
      for (const other of [theirs, { ...mine, [field]: theirs[field] }]) {
        expect(() => sealer.open(sealed, other)).toThrow(UnreadableSecretError);
        expect(() => sealer.reseal(sealed, other)).toThrow(UnreadableSecretError);
      }
    }),
  );
});

test('one flipped bit anywhere, or any number of bytes less or more, and it does not open', () => {
  fc.assert(
    fc.property(
      anyOwner,
      fc.string(),
      fc.nat(),
      fc.uint8Array({ minLength: 1, maxLength: 40 }),
      (mine, secret, at, more) => {
        const sealed = sealer.seal(secret, mine);
        const flipped = Buffer.from(sealed);
        const bit = at % (sealed.length * 8);
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        const wrong = [flipped, sealed.subarray(0, at % sealed.length), Buffer.concat([sealed, more])];
        for (const bytes of wrong) expect(() => sealer.open(bytes, mine)).toThrow(UnreadableSecretError);
      },
    ),
  );
});

test('a damaged or cut secret never opens and always says so', () => {
  const sealed = sealer.seal('s3cret', owner);
  fc.assert(
    fc.property(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const damaged = Buffer.from(sealed);
      damaged[at]! ^= flip;
      expect(() => sealer.open(damaged, owner)).toThrow(UnreadableSecretError);
      expect(() => sealer.open(sealed.subarray(0, at), owner)).toThrow(UnreadableSecretError);
    }),
  );
});

test('after a rotation the old key still opens, and new secrets need the new one', () => {
  const rotated = createSealer([second, first]);
  expect(rotated.open(sealer.seal('old', owner), owner)).toBe('old');
  expect(() => sealer.open(rotated.seal('new', owner), owner)).toThrow(/not among SECRETS_KEY/);
});

test('a secret that is sealed anew opens without the old key, for its owner only', () => {
  const rotated = createSealer([second, first]);
  const resealed = rotated.reseal(sealer.seal('old', owner), owner);
  expect(resealed.subarray(0, rotated.prefix.length)).toEqual(rotated.prefix);
  expect(createSealer([second]).open(resealed, owner)).toBe('old');
  expect(() => rotated.open(resealed, { ...owner, version: 2n })).toThrow(UnreadableSecretError);
  expect(() => rotated.reseal(resealed, { ...owner, version: 2n })).toThrow(UnreadableSecretError);
});

test('a part of another secret of the same owner does not open', () => {
  const [a, b] = [sealer.seal('a', owner), sealer.seal('b', owner)];
  const mixed = Buffer.concat([a.subarray(0, -60), b.subarray(-60)]);
  expect(() => sealer.open(mixed, owner)).toThrow(UnreadableSecretError);
});

test('anything that is no sealed secret is an UnreadableSecretError and nothing else', () => {
  const garbage = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.uint8Array({ maxLength: 200 }).map((rest) => [...sealer.prefix, ...rest]),
  );
  fc.assert(
    fc.property(garbage, (bytes) => {
      expect(() => sealer.open(Buffer.from(bytes), owner)).toThrow(UnreadableSecretError);
    }),
  );
});

test('a key of another length is refused with what to do', () => {
  expect(() => createSealer([randomBytes(16)])).toThrow(/openssl rand/);
  expect(() => createSealer([])).toThrow(/32 bytes/);
});
