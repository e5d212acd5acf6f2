import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { directoryScopes } from '@autoprov/failure-catalogue';
import { status } from '@autoprov/grpc';
import { GetCredentialResponse, GetDelegationResponse } from '@autoprov/proto';
import { failureOf, installApp, plain, soon, startConfigForTests } from '../config.fixture.ts';
import type { ConfigForTests } from '../config.fixture.ts';
import { silence } from '../outside.fixture.ts';
import { setupWith } from '../setup.fixture.ts';

let config: ConfigForTests;
let app: string;
beforeAll(async () => {
  config = await startConfigForTests();
  app = await installApp(config, 'acme', 'crm');
});
beforeEach(() => config.outside.reset());
afterAll(() => config.stop());

const read = () => config.cli.getPreConfiguration({ app }, soon);

test('before anything is stored it holds the template, a setup to start from, and the scopes to grant', async () => {
  const answer = await read();
  expect(answer).toMatchObject({
    app: { name: app },
    template: { name: 'templates/scim-bearer' },
    proposedSetup: { endpointUrl: '' },
    clientId: '',
    scopes: directoryScopes,
    delegationLink: '',
    credentialStored: false,
    setupExists: false,
  });
  expect(answer.proposedSetup?.attributeMapping?.rows).not.toHaveLength(0);
});

test('it tells how delegation and credential stand, with the page of the admin console filled in', async () => {
  config.outside.tokenBroker['getDelegation'] = async () =>
    GetDelegationResponse.fromPartial({ delegation: { clientId: '1077', googleCustomerId: 'C03az79cb' } });
  config.outside.tokenBroker['getCredential'] = async () => GetCredentialResponse.fromPartial({ credential: {} });
  await config.cli.createSetup({ parent: app, setup: setupWith(), ...plain }, soon);
  const answer = await read();
  expect(answer).toMatchObject({
    clientId: '1077',
    googleCustomerId: 'C03az79cb',
    credentialStored: true,
    setupExists: true,
  });
  const link = new URL(answer.delegationLink);
  expect([link.host, link.searchParams.get('clientIdToAdd')]).toEqual(['admin.google.com', '1077']);
});

test('while the token broker does not answer it is FETCH_PRECONFIGURATION_FAILED, to be tried again', async () => {
  config.outside.tokenBroker['getDelegation'] = silence;
  expect(await failureOf(read())).toMatchObject({
    code: status.UNAVAILABLE,
    reason: 'FETCH_PRECONFIGURATION_FAILED',
    localizedMessage: "Couldn't fetch provisioning pre-configuration",
    retryAfterMs: expect.any(Number),
  });
});

test('an app that is not installed has none', async () => {
  const call = config.cli.getPreConfiguration({ app: 'customers/acme/apps/none' }, soon);
  expect(await failureOf(call)).toMatchObject({ reason: 'RESOURCE_NOT_FOUND' });
});
