import { createPrivateKey } from 'node:crypto';

/** What is used of the key file of a service account. */
export type ServiceAccountKey = { serviceAccountEmail: string; clientId: string; privateKey: string };

/**
 * Reads the key file as Google's console gives it. What it says is checked, and never repeated in a message.
 *
 * @returns what is wrong with it, instead of the key
 */
export function readServiceAccountKey(json: string): ServiceAccountKey | { wrong: string } {
  const key = parseObject(json);
  if (!key) return { wrong: 'it is no JSON: give the key file as Google made it' };
  const { type, client_email: serviceAccountEmail, client_id: clientId, private_key: privateKey } = key;
  if (type !== 'service_account' || !isText(serviceAccountEmail) || !isText(clientId) || !isText(privateKey)) {
    return { wrong: 'it is no key of a service account: make one in Google Cloud under IAM, Service accounts, Keys' };
  }
  if (!isRsaKey(privateKey)) return { wrong: 'its private_key cannot be read: download the key file again' };
  return { serviceAccountEmail, clientId, privateKey };
}

function parseObject(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && /\S/.test(value) && !value.includes('\0');
}

/** Google takes assertions that are signed with RS256 only. */
function isRsaKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}
