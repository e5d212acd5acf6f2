import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Hold_What, ProvisioningScope } from '@autoprov/proto';
import { plainCompany, startKafka, waitUntil } from '@autoprov/testing';
import type { LocalKafka, Network } from '@autoprov/testing';
import { countWrites } from './judge.ts';
import { runAutoprov } from './run-process.ts';
import { app, call, customer, installApp, setup, startCompany } from './start-company.ts';

const [staying, leaving] = ['group001@example.com', 'group002@example.com'];
const size = 60;

let kafka: LocalKafka;
let network: Network;

beforeAll(async () => {
  // One that nobody else needs: it is frozen.
  kafka = await startKafka({ dir: '.test/guard-kafka' });
  network = await startCompany('guard', {
    infra: { databaseUrl: process.env['DATABASE_URL']!, kafkaBrokers: kafka.brokers },
    people: plainCompany({ users: 2 * size, groups: 2, membersPerGroup: size }),
    serviceProvider: { kind: 'scimmy' },
  });
  await installApp(network, { scope: ProvisioningScope.fromPartial({ groups: [staying, leaving] }) });
  await network.settle({ read: false });
});

afterAll(async () => {
  await network?.stop();
  await kafka?.stop();
});

const soon = () => Date.now() + 60_000;
const countOff = async () => (await network.serviceProvider.list()).filter(({ active }) => active === false).length;
const status = () => network.clients.push.getAppStatus({ app }, call);

async function autoprov(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runAutoprov(network, ...args);
  if (exitCode !== 0) throw new Error(`autoprov ${args.join(' ')} ended with ${exitCode}: ${stderr}`);
  return stdout;
}

async function narrow(): Promise<void> {
  const { config } = network.clients;
  const { setup: stored } = await config.getSetup({ name: setup }, call);
  const wanted = { ...stored!, scope: ProvisioningScope.fromPartial({ groups: [staying] }) };
  await config.updateSetup({ setup: wanted, updateMask: ['scope'], validateOnly: false, requestId: '' }, call);
}

test('"plan" tells what a narrowed scope would do and hold, and writes nothing', async () => {
  const file = join(network.dir, 'narrowed.yaml');
  writeFileSync(file, `scope: { groups: [${staying}] }\n`);
  await network.serviceProvider.run({ do: 'resetCounts' });
  const plan = await autoprov('plan', '--app', 'wiki', '--with', file);
  expect(await countWrites(network)).toBe(0);
  expect(plan).toContain(`${size} suspends, ${size} unchanged; of these ${size} would be held`);
});

test('saved, they keep access until "approve" is given the hash that "held" shows', async () => {
  await network.serviceProvider.run({ do: 'resetCounts' });
  await narrow();
  await network.settle();
  expect(await countWrites(network)).toBe(0);
  expect(await status()).toMatchObject({ heldCount: BigInt(size) });
  const [user] = [...network.people.state.users.values()].slice(-1);
  expect(await autoprov('explain', user!.primaryEmail, '--app', 'wiki')).toContain('waits for an approval');
});

test('a hold of all in the middle of removals, with Kafka frozen: none is sent 10 seconds later, after a restart neither', async () => {
  await network.serviceProvider.run({ do: 'setLatency', latencyMs: 4_000 });
  await network.serviceProvider.run({ do: 'resetCounts' });
  const held = JSON.parse(await autoprov('held', '--app', 'wiki', '--json')) as { approvalHash: string };
  process.kill(kafka.pid, 'SIGSTOP');
  try {
    await autoprov('approve', held.approvalHash, '--app', 'wiki');
    await waitUntil('removals to flow', async () => (await countWrites(network)) >= 3, soon());
    const hold = { parent: 'customers/-', what: Hold_What.WHAT_REMOVALS, reason: 'a mistake' };
    await network.clients.push.placeHold(hold, call);
    const placedMs = Date.now();
    await waitUntil('10 seconds', async () => Date.now() - placedMs > 10_000, soon());
    const sent = await countWrites(network);
    expect(sent).toBeLessThan(size);
    await waitUntil('10 more seconds', async () => Date.now() - placedMs > 20_000, soon());
    expect(await countWrites(network)).toBe(sent);
  } finally {
    process.kill(kafka.pid, 'SIGCONT');
  }
  const gone = await countOff();
  await network.kill('scim-pusher');
  await network.restart('scim-pusher');
  await waitUntil('the status', async () => (await status()).holds.length === 1, soon());
  expect(await autoprov('status')).toContain('removals are held everywhere by workload:cli');
  await network.clients.directory.requestRead({ customer }, call);
  await network.settle();
  expect(await countOff()).toBe(gone);
  await network.serviceProvider.run({ do: 'setLatency', latencyMs: 0 });
  await autoprov('release', 'removals', '--all');
  await waitUntil('the rest', async () => (await countOff()) === size, soon());
  expect(await autoprov('held', '--app', 'wiki')).toBe('nothing\n');
});
