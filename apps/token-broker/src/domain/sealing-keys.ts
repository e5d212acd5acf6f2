/**
 * Reads the operator's keys: 32 bytes in base64 each, between commas, blanks or lines; the first seals. Throws when there
 * is none, or one is no key.
 */
export function parseSealingKeys(text: string): Buffer[] {
  const keys = text.split(/[\s,]+/).filter(Boolean);
  // Node's decoder skips what is no base64: a text that is no key would pass for one.
  if (keys.length > 0 && keys.every((key) => /^[A-Za-z0-9+/]{43}=$/.test(key))) {
    return keys.map((key) => Buffer.from(key, 'base64'));
  }
  throw new Error('each key must be 32 bytes in base64, as of "openssl rand -base64 32"');
}
