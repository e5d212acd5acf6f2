import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** What a sealed secret belongs to: opened for anything else, it does not open. */
export type SealedFor = { customerId: string; appId: string; kind: string; version: bigint };

/** Seals and opens secrets with the operator's keys. */
export type Sealer = {
  seal(secret: string, owner: SealedFor): Buffer;
  /** Throws UnreadableSecretError. */
  open(sealed: Buffer, owner: SealedFor): string;
  /** The same secret, sealed with the first key. Throws UnreadableSecretError. */
  reseal(sealed: Buffer, owner: SealedFor): Buffer;
  /** How everything begins that the first key sealed. */
  readonly prefix: Buffer;
  /** What a key is here, by the id that stands in what it sealed. */
  roleOf(keyId: Buffer): KeyRole;
};

/** The one that seals, one that only opens, or none that we have. */
export type KeyRole = 'first' | 'other' | 'unreadable';

/** A sealed secret that can't be opened: another key, another owner, or damaged (code 25016). */
export class UnreadableSecretError extends Error {
  override name = 'UnreadableSecretError';
}

/** The key that sealed it is none of ours. */
export class UnknownKeyError extends UnreadableSecretError {}

const keyBytes = 32;
const ivBytes = 12;
const tagBytes = 16;
const keyIdBytes = 8;
const formatByte = 1;
const wrappedBytes = ivBytes + keyBytes + tagBytes;
const headBytes = 1 + keyIdBytes + wrappedBytes;

/**
 * Envelopes of AES-256-GCM: each secret has a key of its own, wrapped by the operator's first key; the others only open.
 * Layout: 1 | id of the wrapping key (8) | wrapped key: iv (12), key (32), tag (16) | iv (12), secret, tag (16).
 *
 * @param keys 32 bytes each, the one that seals first
 */
export function createSealer(keys: readonly Buffer[]): Sealer {
  const [active] = keys;
  if (!active || keys.some((key) => key.length !== keyBytes)) {
    throw new Error('a sealing key must be 32 bytes: make one with "openssl rand -base64 32"');
  }
  const byId = new Map(keys.map((key) => [keyId(key).toString('hex'), key]));
  const prefix = Buffer.concat([Buffer.of(formatByte), keyId(active)]);

  function openKey(sealed: Buffer, aad: Buffer): Buffer {
    if (sealed.length < headBytes + ivBytes + tagBytes || sealed[0] !== formatByte) {
      throw new UnreadableSecretError('the stored secret is damaged: store it again');
    }
    const key = byId.get(sealed.subarray(1, 1 + keyIdBytes).toString('hex'));
    if (!key) throw new UnknownKeyError('the key that sealed the stored secret is not among SECRETS_KEY: add it');
    return decrypt(key, sealed.subarray(1 + keyIdBytes, headBytes), aad);
  }

  return {
    prefix,
    roleOf(id) {
      if (id.equals(keyId(active))) return 'first';
      return byId.has(id.toString('hex')) ? 'other' : 'unreadable';
    },
    seal(secret, owner) {
      const aad = aadOf(owner);
      const secretKey = randomBytes(keyBytes);
      return Buffer.concat([prefix, encrypt(active, secretKey, aad), encrypt(secretKey, Buffer.from(secret), aad)]);
    },
    open(sealed, owner) {
      const aad = aadOf(owner);
      return decrypt(openKey(sealed, aad), sealed.subarray(headBytes), aad).toString();
    },
    reseal(sealed, owner) {
      const aad = aadOf(owner);
      return Buffer.concat([prefix, encrypt(active, openKey(sealed, aad), aad), sealed.subarray(headBytes)]);
    },
  };
}

function keyId(key: Buffer): Buffer {
  return createHash('sha256').update(key).digest().subarray(0, keyIdBytes);
}

function aadOf({ customerId, appId, kind, version }: SealedFor): Buffer {
  return Buffer.from(`${customerId}|${appId}|${kind}|${version}`);
}

function encrypt(key: Buffer, plain: Buffer, aad: Buffer): Buffer {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(aad);
  return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Buffer, box: Buffer, aad: Buffer): Buffer {
  const [iv, tag] = [box.subarray(0, ivBytes), box.subarray(-tagBytes)];
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes }).setAAD(aad).setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(box.subarray(ivBytes, -tagBytes)), decipher.final()]);
  } catch (cause) {
    throw new UnreadableSecretError('the stored secret is damaged or another row’s: store it again', { cause });
  }
}
