import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { OAuthClient, OAuthClient_Authentication, type SetCredentialRequest } from '@autoprov/proto';
import { CommandError } from '../io.ts';
import type { KeyOwner } from './plan.ts';
import type { CredentialSpec, DelegationSpec, SecretSource } from './spec.ts';

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
    async readCredential(spec: CredentialSpec): Promise<SetCredentialRequest['secret']> {
      const { bearerToken, basic, clientCredentials } = spec;
      if (bearerToken) return { $case: 'bearerToken', value: await readSecret(bearerToken) };
      if (clientCredentials) return readClient(clientCredentials, await readSecret(clientCredentials.clientSecret));
      const { username, password } = basic!;
      return { $case: 'basic', value: { username, password: await readSecret(password) } };
    },
    /** Which service account a delegation is for. */
    async readKeyOwner({ serviceAccountKeyFile: path, keyless }: DelegationSpec): Promise<KeyOwner> {
      if (path === undefined) return { email: keyless!.serviceAccountEmail, clientId: keyless!.clientId };
      const { client_email: email, client_id: clientId } = parseKey(await readSecretFile(path));
      if (typeof email === 'string' && typeof clientId === 'string') return { email, clientId };
      throw new CommandError(`${path} is no service account key: download one as JSON from the Google Cloud console`);
    },
  };
}

function readClient(spec: NonNullable<CredentialSpec['clientCredentials']>, clientSecret: string) {
  const { tokenUrl, clientId, scopes, secretInBody, revocationUrl } = spec;
  const authentication = secretInBody
    ? OAuthClient_Authentication.AUTHENTICATION_POST
    : OAuthClient_Authentication.AUTHENTICATION_BASIC;
  const client = { ...OAuthClient.fromPartial({}), tokenUrl, clientId, clientSecret, scopes, revocationUrl };
  return { $case: 'clientCredentials', value: { ...client, authentication } } as const;
}

function parseKey(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return {};
  }
}
