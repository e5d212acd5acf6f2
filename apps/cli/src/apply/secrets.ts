import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { SetCredentialRequest } from '@autoprov/proto';
import { CommandError } from '../io.ts';
import type { KeyOwner } from './plan.ts';
import type { CredentialSpec, SecretSource } from './spec.ts';

/** Reads secrets where a file says they are; paths are relative to the folder of that file. */
export type SecretReader = ReturnType<typeof createSecretReader>;

export function createSecretReader(folder: string, env: Record<string, string | undefined>) {
  const readSecretFile = async (path: string): Promise<string> => {
    try {
      return await readFile(resolve(folder, path), 'utf8');
    } catch {
      throw new CommandError(`${path} cannot be read: correct the path, which is relative to the applied file`);
    }
  };
  const readSecret = async ({ fromEnv, fromFile }: SecretSource): Promise<string> => {
    const secret = fromFile === undefined ? env[fromEnv!] : (await readSecretFile(fromFile)).trim();
    if (!secret) throw new CommandError(`${fromFile ?? fromEnv} holds no secret: put it there and apply again`);
    return secret;
  };
  return {
    readFile: readSecretFile,
    async readCredential({ bearerToken, basic }: CredentialSpec): Promise<SetCredentialRequest['secret']> {
      if (bearerToken) return { $case: 'bearerToken', value: await readSecret(bearerToken) };
      const { username, password } = basic!;
      return { $case: 'basic', value: { username, password: await readSecret(password) } };
    },
    /** Who a service account key file is for. */
    async readKeyOwner(path: string): Promise<KeyOwner> {
      const { client_email: email, client_id: clientId } = parseKey(await readSecretFile(path));
      if (typeof email === 'string' && typeof clientId === 'string') return { email, clientId };
      throw new CommandError(`${path} is no service account key: download one as JSON from the Google Cloud console`);
    },
  };
}

function parseKey(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return {};
  }
}
