import { expect, test } from '@jest/globals';
import { AuthorizationForm, OAuthClient_Authentication } from '@autoprov/proto';
import { readClient } from './oauth-client.ts';

const world = { env: { SECRET: 's3cret' }, cwd: '/' };
const form = AuthorizationForm.fromPartial({
  authorizationUrl: 'https://sp.example/authorize',
  tokenUrl: 'https://{team}.sp.example/token',
  scopes: ['scim'],
  authorizationParameters: { token_access_type: 'offline' },
});

test('what the command line leaves out is taken from the template', async () => {
  const options = { clientId: 'c', clientSecretEnv: 'SECRET', tokenUrl: 'https://acme.sp.example/token' };
  expect(await readClient(world, options, form)).toEqual({
    authorizationUrl: 'https://sp.example/authorize',
    tokenUrl: 'https://acme.sp.example/token',
    revocationUrl: '',
    issuer: '',
    clientId: 'c',
    clientSecret: 's3cret',
    authentication: OAuthClient_Authentication.AUTHENTICATION_BASIC,
    scopes: ['scim'],
    authorizationParameters: { token_access_type: 'offline' },
  });
});

test('without a client id the stored client is used again', async () => {
  expect(await readClient(world, {}, form)).toBeUndefined();
});

test('parameters of the command line stand in the place of those of the template', async () => {
  const urls = { clientId: 'c', tokenUrl: 'https://acme.sp.example/token' };
  const read = async (parameter: string[]) => (await readClient(world, { ...urls, parameter }, form))!;
  expect((await read(['prompt=consent', 'claims=a=b'])).authorizationParameters).toEqual({
    prompt: 'consent',
    claims: 'a=b',
  });
  await expect(read(['prompt'])).rejects.toThrow(/--parameter prompt is not of the form name=value/);
});

test('a URL with a gap, and a secret that is not there, are asked for', async () => {
  await expect(readClient(world, { clientId: 'c' }, form)).rejects.toThrow(
    /--token-url URL, of the form https:\/\/\{team\}/,
  );
  await expect(readClient(world, { clientId: 'c', clientSecretEnv: 'NONE' }, form)).rejects.toThrow(
    /NONE holds no secret/,
  );
});
