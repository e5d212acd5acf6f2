import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { examplePeople, serviceNames, waitUntil } from '@autoprov/testing';
import type { GoogleUser, Network } from '@autoprov/testing';
import { countWrites, findDifferences } from './judge.ts';
import { listFailures } from './list-failures.ts';
import { app, call, customer, installApp, startCompany } from './start-company.ts';

const group = 'everyone-sales@example.com';
const soon = () => Date.now() + 60_000;

let network: Network;
let people: GoogleUser[];

beforeAll(async () => {
  network = await startCompany('restarts', {
    people: examplePeople({ users: 40 }),
    env: { 'scim-pusher': { LEASE_MS: '6000', RETRY_FOR_MS: '500', PROBE_BASE_MS: '1000' } },
  });
  people = Array.from({ length: 12 }, (_, index) => hire(`person${index}`));
  await installApp(network);
  await network.settle();
});

afterAll(() => network?.stop());

function hire(name: string): GoogleUser {
  const primaryEmail = `${name}@example.com`;
  return network.directory.run({ do: 'hire', primaryEmail, givenName: name, familyName: 'Person', groups: [group] });
}

function renameEverybody(familyName: string): void {
  for (const { id } of people) network.directory.run({ do: 'rename', user: id, familyName });
}

/** Waits for a whole read and what follows: the first one after a kill may meet a connection that is not made anew yet. */
async function settleWholly(): Promise<void> {
  const whole = async (): Promise<boolean> => {
    await network.settle();
    const { incompleteParts } = await network.clients.directory.getReadStatus({ customer }, call);
    return incompleteParts.length === 0;
  };
  await waitUntil('a whole read', whole, soon());
}

async function expectAsDemanded(): Promise<void> {
  const { troubledPeople } = network.people;
  expect(await findDifferences(network, { refused: troubledPeople.map(({ user }) => user.id) })).toEqual([]);
  const failing = (await listFailures(network)).map(({ primaryEmail, code }) => `${primaryEmail} ${code}`);
  expect(failing.sort()).toEqual(troubledPeople.map(({ user, code }) => `${user.primaryEmail} ${code}`).sort());
}

test('before anything is killed all is as demanded', expectAsDemanded);

test.each(serviceNames)('%s killed while changes flow: nothing is lost, made twice or forgotten', async (service) => {
  await network.serviceProvider.run({ do: 'resetCounts' });
  await network.serviceProvider.run({ do: 'setLatency', latencyMs: 100 });
  renameEverybody(`Before-${service}`);
  hire(`before.${service}`);
  await network.clients.directory.requestRead({ customer }, call);
  await waitUntil('changes to flow', async () => (await countWrites(network)) >= 2, soon());
  await network.kill(service);
  renameEverybody(`After-${service}`);
  hire(`after.${service}`);
  await network.restart(service);
  await settleWholly();
  await expectAsDemanded();
});

test('a service provider that is down is one failure of the app, and heals without anybody lost', async () => {
  await network.serviceProvider.run({ do: 'fault', effect: 'failBefore', status: 503, times: 1_000_000 });
  renameEverybody('During');
  hire('during.outage');
  await network.clients.directory.requestRead({ customer }, call);
  const outages = async () => (await listFailures(network)).filter(({ code }) => code === '45004');
  await waitUntil('the outage to be listed', async () => (await outages()).length > 0, soon());
  expect(await outages()).toMatchObject([{ app, user: '', source: 'scim-pusher' }]);

  await network.serviceProvider.run({ do: 'clearFaults' });
  await network.settle();
  await expectAsDemanded();
});
