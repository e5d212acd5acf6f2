import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { waitUntil } from '@autoprov/testing';
import { failureOf, newSealingKey, soon, startBrokerForTests, type BrokerForTests } from './broker.fixture.ts';

const customer = 'customers/acme';
const apps = [`${customer}/apps/crm`, `${customer}/apps/hr`];
const dir = mkdtempSync(join(tmpdir(), 'autoprov-keys-'));
const file = join(dir, 'sealing-key');
const workers = 8;

let broker: BrokerForTests;
let replica: Awaited<ReturnType<BrokerForTests['startReplica']>>;
const oldKey = newSealingKey();
beforeAll(async () => {
  writeKeys(oldKey);
  broker = await startBrokerForTests();
  await broker.restart({ SECRETS_KEY: undefined, SECRETS_KEY_FILE: file });
  replica = await broker.startReplica({ SECRETS_KEY: undefined, SECRETS_KEY_FILE: file });
  for (const app of apps) broker.installed.add(app);
  for (const app of apps) await setBearer(app);
  const serviceAccountKeyJson = JSON.stringify(broker.directory.serviceAccountKey());
  const adminEmail = 'admin@example.com';
  await broker.clients.cli.setDelegation({ customer, serviceAccountKeyJson, adminEmail, validateOnly: false }, soon);
});
afterAll(async () => {
  await replica.stop();
  await broker.stop();
  rmSync(dir, { recursive: true });
});

/** As a mounted secret is changed: at once, and never half. */
function writeKeys(...keys: string[]): void {
  writeFileSync(`${file}.new`, keys.join('\n'), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

const setBearer = (app: string) =>
  broker.clients.cli.setCredential(
    { app, secret: { $case: 'bearerToken', value: `of-${app}` }, keepPrevious: false, validateOnly: false },
    soon,
  );
const getHeader = async (clients: BrokerForTests['clients'], app: string) =>
  (await clients.pusher.getAppAuthorization({ app, forceNew: false }, soon)).headerValue;
const sealedBy = async (role: string) => {
  const line = new RegExp(`autoprov_sealed_secrets{key="${role}"} (\\d+)`).exec(await broker.metrics());
  return Number(line?.[1]);
};
const waitForFirstOnly = () =>
  waitUntil(
    'everything to be sealed with the first key',
    async () =>
      (await sealedBy('first')) === 3 && (await sealedBy('other')) === 0 && (await sealedBy('unreadable')) === 0,
    Date.now() + 30_000,
  );
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('the key is rotated on two replicas under load, without a restart and without a failed request', async () => {
  const newKey = newSealingKey();
  let ended = false;
  let answered = 0;
  const failures: unknown[] = [];
  async function ask(worker: number): Promise<void> {
    for (let turn = worker; !ended; turn++) {
      const { clients } = turn % 2 === 0 ? broker : replica;
      const app = apps[turn % apps.length]!;
      try {
        const [header] = await Promise.all([
          getHeader(clients, app),
          clients.reader.getDirectoryAccessToken({ customer, forceNew: false }, soon),
        ]);
        if (header !== `Bearer of-${app}`) throw new Error('the header of another secret');
        answered += 2;
        // Secrets are stored meanwhile, too.
        if (turn % 50 === 0) await setBearer(app);
      } catch (err) {
        failures.push(err);
      }
    }
  }
  const startMs = performance.now();
  const asking = Array.from({ length: workers }, (_, worker) => ask(worker));
  await pause(1_000);
  writeKeys(newKey, oldKey);
  // Until both replicas seal with the new key, then until nothing of the old one is left.
  await waitUntil('both to read it', async () => countLogged('sealing keys have changed') >= 2, Date.now() + 30_000);
  await waitForFirstOnly();
  writeKeys(newKey);
  await waitUntil('both to read it', async () => countLogged('sealing keys have changed') >= 4, Date.now() + 30_000);
  await pause(2_000);
  ended = true;
  await Promise.all(asking);
  const seconds = (performance.now() - startMs) / 1_000;
  const perSecond = Math.round(answered / seconds);
  console.log(
    `rotation: ${answered} answers in ${seconds.toFixed(1)} s, ${perSecond} a second, ${failures.length} failed`,
  );
  expect(failures).toEqual([]);
  expect(perSecond).toBeGreaterThanOrEqual(200);
  await broker.restart({ SECRETS_KEY: newKey });
  expect(await getHeader(broker.clients, apps[0]!)).toBe(`Bearer of-${apps[0]}`);
  await broker.restart({ SECRETS_KEY: undefined, SECRETS_KEY_FILE: file });
});

function countLogged(words: string): number {
  return broker.logged.filter((line) => line.includes(words)).length;
}

test('a file that holds no keys changes nothing, and the log says what to do, once', async () => {
  writeKeys('this is no key');
  await waitUntil('the log', async () => countLogged("can't be read") >= 2, Date.now() + 30_000);
  await pause(2_500);
  expect(countLogged("can't be read")).toBe(2);
  expect(broker.logged.find((line) => line.includes("can't be read"))).toContain('correct SECRETS_KEY_FILE');
  for (const { clients } of [broker, replica]) {
    for (const app of apps) expect(await getHeader(clients, app)).toBe(`Bearer of-${app}`);
  }
  expect(broker.logged.join()).not.toContain('this is no key');
});

test('what a key sealed that is not in the file is counted as unreadable', async () => {
  writeKeys(newSealingKey());
  await waitUntil('it to be counted', async () => (await sealedBy('unreadable')) === 3, Date.now() + 30_000);
  expect(await failureOf(getHeader(broker.clients, apps[0]!))).toMatchObject({ reason: 'CREDENTIAL_UNREADABLE' });
});
