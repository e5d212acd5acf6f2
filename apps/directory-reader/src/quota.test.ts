import { expect, test } from '@jest/globals';
import { plainPeople } from '@autoprov/testing';
import { startReaderNetwork, until } from './reader-network.fixture.ts';

const LIMIT_PER_SECOND = 40;

test('two replicas keep within 10 % of a quota that they had to find out, and a second customer does not wait for the first', async () => {
  const people = plainPeople({ users: 600, groups: 300, membersPerGroup: 1 });
  await using network = await startReaderNetwork({ people, retryBudgetMs: 60_000, requestsPerMinute: 6_000 });
  const globex = network.addDirectory(
    'customers/globex',
    plainPeople({ users: 600, groups: 60, membersPerGroup: 1, domain: 'globex.example' }),
  );
  const { client: other } = await network.addReplica();
  for (const directory of [network.directory, globex]) directory.run({ do: 'limitRate', perSecond: LIMIT_PER_SECOND });
  const groupsOf = ({ groups }: typeof people) => [...groups.values()].map(({ email }) => email);

  const startMs = performance.now();
  network.config.put('customers/acme/apps/crm', { groups: groupsOf(people) });
  await until(async () => (await network.status()).running !== undefined);
  // One replica reads; the other asks for the same customer all the while.
  const isRead = async () => (await network.status()).lastReadNo > 0n;
  const groups = groupsOf(people).slice(0, 16);
  const askOnAndOn = () =>
    until(async () => {
      await other.checkGroups({ parent: 'customers/acme', groups }, { timeoutMs: 20_000 }).catch(() => {});
      return isRead();
    });
  const asking = Promise.all([askOnAndOn(), askOnAndOn(), askOnAndOn()]);
  network.config.put('customers/globex/apps/crm', { groups: groupsOf(globex.state) });
  await until(async () => (await network.status('customers/globex')).lastReadNo > 0n);
  const secondMs = performance.now() - startMs;
  expect(await isRead()).toBe(false);
  await asking;
  const firstMs = performance.now() - startMs;
  other.close();

  for (const customer of ['customers/acme', 'customers/globex'])
    expect((await network.status(customer)).incompleteParts).toEqual([]);
  const acme = network.directory.run({ do: 'arrivals', withinSeconds: 10 });
  expect(acme.refused).toBeGreaterThan(0);
  expect(acme.refused / acme.total).toBeLessThan(0.05);
  expect(acme.most).toBeLessThanOrEqual(LIMIT_PER_SECOND * 10 * 1.1);
  expect(globex.run({ do: 'arrivals', withinSeconds: 10 }).most).toBeLessThanOrEqual(LIMIT_PER_SECOND * 10 * 1.1);
  // And it is used: a third of it at the least.
  expect(acme.total / (firstMs / 1000)).toBeGreaterThan(LIMIT_PER_SECOND / 3);
  expect(secondMs).toBeLessThan(firstMs / 2);
}, 180_000);

test('with two replicas and 20 customers, each is read exactly once a round', async () => {
  await using network = await startReaderNetwork({ people: plainPeople({ users: 30, groups: 2, membersPerGroup: 5 }) });
  (await network.addReplica()).client.close();
  const customers = Array.from({ length: 20 }, (_, i) => `customers/c${i}`);
  for (const customer of customers) network.config.put(`${customer}/apps/crm`, { groups: ['group001@example.com'] });
  const allRead = (readNo: bigint) =>
    until(async () => {
      const all = await Promise.all(customers.map((customer) => network.status(customer)));
      return all.every(({ lastReadNo }) => lastReadNo >= readNo);
    });
  await allRead(1n);
  for (let round = 2n; round <= 4n; round++) {
    network.directory.run({ do: 'resetCounts' });
    await Promise.all(customers.map((customer) => network.client().requestRead({ customer }, { timeoutMs: 5_000 })));
    await allRead(round);
    expect(network.directory.run({ do: 'counts' })).toMatchObject({ usersList: 20, membersList: 20 });
  }
  for (const customer of customers)
    expect(await network.status(customer)).toMatchObject({ lastReadNo: 4n, requestCounts: { usersList: 4n } });
}, 120_000);
