import { expect, test } from '@jest/globals';
import { examplePeople, waitUntil } from '@autoprov/testing';
import type { Network } from '@autoprov/testing';
import { countWrites, findDifferences, writesOf } from './judge.ts';
import { installApp, startCompany } from './start-company.ts';

/** The pusher is killed as soon as so many creates have reached the service provider, of more than 50. */
const killAt = [4, 12, 20, 28, 36];

/** A company without people who must fail, and a service provider that takes the same person twice and is slow. */
async function startForgivingCompany(name: string, pusher: Record<string, string>): Promise<Network> {
  const serviceProviderSeed = { accounts: [], signedUp: [], requiredAttributes: [] };
  return startCompany(name, {
    people: { ...examplePeople({ users: 70 }), troubledPeople: [], serviceProviderSeed },
    serviceProvider: { kind: 'scimmy', withoutUniqueness: true },
    // The app of a killed pusher is free again after its lease.
    env: { 'scim-pusher': { HTTP_TIMEOUT_MS: '2500', LEASE_MS: '4500', ...pusher } },
  });
}

/** The first sync, with the pusher killed again and again in the middle of it. */
async function syncWithKills(company: Network): Promise<void> {
  await company.serviceProvider.run({ do: 'setLatency', latencyMs: 200 });
  await installApp(company);
  for (const writes of killAt) {
    await waitUntil(`${writes} writes`, async () => (await countWrites(company)) >= writes, Date.now() + 60_000);
    await company.kill('scim-pusher');
    await company.restart('scim-pusher');
  }
  await company.settle();
}

/** Each kill costs what is left of a lease, and the networks start and search their logs beside. */
const timeoutMs = 300_000;

// Side by side: most of the time goes by in waiting for a killed pusher's lease to end.
test.concurrent(
  'a pusher killed in the middle of the first sync loses nobody and creates nobody twice',
  async () => {
    const company = await startForgivingCompany('kill-pusher', {});
    try {
      await syncWithKills(company);
      expect(await findDifferences(company)).toEqual([]);
      const creates = writesOf(await company.serviceProvider.log()).filter((write) => write.startsWith('POST'));
      expect(creates).toHaveLength((await company.serviceProvider.list()).length);
    } finally {
      await company.stop();
    }
  },
  timeoutMs,
);

test.concurrent(
  'the same with intents switched off creates people twice: the kills do hit creates',
  async () => {
    const company = await startForgivingCompany('kill-pusher-without-intents', { UNSAFE_WITHOUT_INTENTS: 'true' });
    try {
      await syncWithKills(company);
      const differences = await findDifferences(company);
      expect(differences.filter((difference) => / has \d+ accounts$/.test(difference))).not.toEqual([]);
    } finally {
      await company.stop();
    }
  },
  timeoutMs,
);
