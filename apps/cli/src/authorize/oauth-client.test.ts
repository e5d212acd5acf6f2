import { expect, test } from '@jest/globals';
import { AuthorizationForm, OAuthClient_Authentication } from '@autoprov/proto';
import { readClient } from './oauth-client.ts';

const world = { env: { SECRET: 's3cret' }, cwd: '/' };
const form = AuthorizationForm.fromPartial({
  authorizationUrl: 'https://sp.example/authorize',
  tokenUrl: 'https://{team}.sp.example/token',
  scopes: ['scim'],
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
  });
});

test('without a client id the stored client is used again', async () => {
  expect(await readClient(world, {}, form)).toBeUndefined();
});

test('a URL with a gap, and a secret that is not there, are asked for', async () => {
  await expect(readClient(world, { clientId: 'c' }, form)).rejects.toThrow(
    /--token-url URL, of the form https:\/\/\{team\}/,
  );
  await expect(readClient(world, { clientId: 'c', clientSecretEnv: 'NONE' }, form)).rejects.toThrow(
    /NONE holds no secret/,
  );
});
