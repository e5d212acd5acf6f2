import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createPublisher, toCloudEvent } from '@autoprov/kafka';
import { Check } from '@autoprov/proto';
import { plainPeople, waitUntil } from '@autoprov/testing';
import type { Network } from '@autoprov/testing';
import { prepareJavaConsumer, preparePythonConsumer, type Consumer } from './documented-consumers.ts';
import { consumeAsDocumented } from './run-process.ts';
import { call, startCompany } from './start-company.ts';

let network: Network;

beforeAll(async () => {
  const people = {
    state: plainPeople({ users: 3, groups: 1, membersPerGroup: 3 }),
    adminEmail: 'admin@example.com',
    accessGroup: 'group001@example.com',
    troubledPeople: [],
    serviceProviderSeed: { accounts: [], signedUp: [], requiredAttributes: [] },
  };
  network = await startCompany('consumers', { people });
  await tell('17010', false);
  await tell('17013', false);
  await tell('17013', true);
  const resolved = async () => (await consumeAsDocumented(network)).map(({ code }) => code).join() === '17010';
  await waitUntil('one failure to be open on the topic', resolved, Date.now() + 60_000);
});
afterAll(() => network?.stop());

let seq = 0n;
async function tell(code: string, passed: boolean): Promise<void> {
  const subject = 'customers/acme/apps/wiki';
  const message = { ...Check.fromPartial({ source: 'token-broker', subject, code, passed, reason: 'KEY_REFUSED' }) };
  message.seq = seq += 1n;
  message.occurTime = new Date();
  message.detail = 'the key "ä\u202e" is refused';
  const publisher = await createPublisher(network.kafka);
  await publisher.publish([
    toCloudEvent({ installationId: 'local', service: 'token-broker' }, { kind: 'check', message }),
  ]);
  await publisher.stop();
  const page = { parent: 'customers/acme', filter: undefined, pageSize: 0, pageToken: '' };
  const isTold = async () =>
    (await network.clients.failures.listFailures(page, call)).failures.some((it) => it.code === code) !== passed;
  await waitUntil('the failure to be listed', isTold, Date.now() + 30_000);
}

test.each<[string, () => Promise<Consumer>]>([
  ['Java', prepareJavaConsumer],
  ['Python', preparePythonConsumer],
])(
  'the documented consumer in %s reads the same open failures as that in JavaScript',
  async (_, prepare) => {
    const consume = await prepare();
    expect(await consume(network)).toEqual(await consumeAsDocumented(network));
  },
  300_000,
);
