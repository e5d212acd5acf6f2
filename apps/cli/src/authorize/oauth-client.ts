import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { OAuthClient_Authentication, type AuthorizationForm, type OAuthClient } from '@autoprov/proto';
import { CommandError, UsageError, type Io } from '../io.ts';

/** The OAuth client as the command line says it. */
export type ClientOptions = {
  clientId?: string;
  clientSecretEnv?: string;
  clientSecretFile?: string;
  authorizationUrl?: string;
  tokenUrl?: string;
  revocationUrl?: string;
  issuer?: string;
  scope?: string[];
  parameter?: string[];
  secretInBody?: boolean;
};

/**
 * The client to authorize with: what the command line says, and what the app's template knows where it says nothing.
 * Undefined: no client is named, so the stored one is used again.
 */
export async function readClient(
  { env, cwd }: Pick<Io, 'env' | 'cwd'>,
  options: ClientOptions,
  form: AuthorizationForm | undefined,
): Promise<OAuthClient | undefined> {
  if (options.clientId === undefined) return undefined;
  const clientSecret = await readSecret(env, cwd, options);
  const url = (option: 'authorizationUrl' | 'tokenUrl', flag: string): string => {
    const value = options[option] ?? form?.[option] ?? '';
    if (value !== '' && !value.includes('{')) return value;
    throw new UsageError(`say ${flag} URL${value && `, of the form ${value}`}: the service provider documents it`);
  };
  return {
    authorizationUrl: url('authorizationUrl', '--authorization-url'),
    tokenUrl: url('tokenUrl', '--token-url'),
    revocationUrl: options.revocationUrl ?? form?.revocationUrl ?? '',
    issuer: options.issuer ?? '',
    clientId: options.clientId,
    clientSecret,
    authentication: authenticationOf(options, clientSecret),
    scopes: options.scope ?? form?.scopes ?? [],
    authorizationParameters: readParameters(options.parameter) ?? form?.authorizationParameters ?? {},
  };
}

function readParameters(pairs: string[] | undefined): Record<string, string> | undefined {
  if (!pairs) return undefined;
  const wrong = pairs.find((pair) => !/^[^=]+=./.test(pair));
  if (wrong !== undefined) throw new UsageError(`--parameter ${wrong} is not of the form name=value`);
  return Object.fromEntries(pairs.map((pair) => [pair.replace(/=.*$/s, ''), pair.replace(/^[^=]*=/, '')]));
}

function authenticationOf({ secretInBody }: ClientOptions, secret: string): OAuthClient_Authentication {
  if (secret === '') return OAuthClient_Authentication.AUTHENTICATION_NONE;
  return secretInBody
    ? OAuthClient_Authentication.AUTHENTICATION_POST
    : OAuthClient_Authentication.AUTHENTICATION_BASIC;
}

async function readSecret(env: Io['env'], cwd: string, options: ClientOptions): Promise<string> {
  const { clientSecretEnv, clientSecretFile } = options;
  if (clientSecretEnv === undefined && clientSecretFile === undefined) return '';
  const secret =
    clientSecretFile === undefined
      ? env[clientSecretEnv!]
      : (await readFile(resolve(cwd, clientSecretFile), 'utf8').catch(() => '')).trim();
  if (secret) return secret;
  throw new CommandError(`${clientSecretFile ?? clientSecretEnv} holds no secret: put it there and try again`);
}
