import { describe, expect, test } from '@jest/globals';
import type { Check } from '@autoprov/proto';
import { directoryScopes, plainPeople } from '@autoprov/testing';
import { everyMs, startReaderNetwork, until } from './reader-network.fixture.ts';

const app = 'customers/acme/apps/crm';
const people = () => plainPeople({ users: 20, groups: 1, membersPerGroup: 5 });
const group = 'group001@example.com';

describe('what Google refuses', () => {
  test('a request that fails for a moment is sent again, after the time that Google asks for', async () => {
    await using network = await startReaderNetwork({ people: people(), retryBudgetMs: 30_000 });
    network.directory.run({ do: 'failPage', status: 429, reason: 'rateLimitExceeded', retryAfterSeconds: 1 });
    network.config.put(app, {});
    const startMs = performance.now();
    const { users, checks } = await network.readAfter(0n);
    expect([users.length, checks]).toEqual([20, []]);
    expect(performance.now() - startMs).toBeGreaterThan(1_000);
    expect((await network.status()).requestCounts).toEqual({ usersList: 2n });
  });

  test('a token that died is replaced once, and the read goes on', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.config.put(app, { groups: [group] });
    await network.read();
    network.directory.run({ do: 'revokeScopes', scopes: [] }); // tokens given out die
    network.directory.run({ do: 'resetCounts' });
    const { checks } = await network.read();
    expect(checks).toEqual([]);
    expect(network.directory.run({ do: 'counts' })).toMatchObject({ token: 1, usersList: 2, membersList: 1 });
  });

  test('an admin who lost the role is 17008, to be acted on; nobody is removed', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.config.put(app, { groups: [group] });
    await network.read();
    network.directory.run({ do: 'update', user: 'admin@example.com', set: { isAdmin: false } });
    const { checks, users } = await network.read();
    expect(users).toEqual([]);
    expect(checks).toMatchObject([
      { subject: 'customers/acme', code: '17008', reason: 'ADMIN_ROLE_LOST', passed: false },
    ]);
    network.directory.run({ do: 'update', user: 'admin@example.com', set: { isAdmin: true } });
    expect((await network.read()).checks).toMatchObject([{ subject: 'customers/acme', code: '17008', passed: true }]);
  });

  test('an API that is switched off is 17008 with its own reason', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.directory.run({ do: 'failPage', status: 403, reason: 'accessNotConfigured', times: 99 });
    network.config.put(app, {});
    expect((await network.read()).checks).toMatchObject([{ code: '17008', reason: 'ADMIN_API_DISABLED' }]);
  });

  test('a refused token keeps the broker’s code, and the broker itself reports it', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.config.put(app, {});
    await network.read();
    network.directory.run({ do: 'revokeScopes', scopes: directoryScopes });
    expect((await network.read()).checks).toEqual([]);
    expect((await network.status()).incompleteParts).toMatchObject([{ part: 'users', code: '17003' }]);
  });

  test('no word that is published names a person or a group’s address', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.config.put(app, { groups: ['gone@example.com'] });
    network.directory.run({
      do: 'failPage',
      status: 403,
      reason: 'forbidden',
      message: 'not admin@example.com',
      times: 9,
    });
    const { checks } = await network.read();
    expect(checks.map((check) => check.code).sort()).toEqual(['17008', '50005']);
    expect(
      JSON.stringify(checks, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
    ).not.toContain('@');
    expect(network.records.map((record) => record.key).join()).not.toContain('@');
  });

  test('a schema that does not exist keeps nobody else’s setup waiting', async () => {
    const state = people();
    state.schemas = [{ schemaId: 's1', schemaName: 'HR', displayName: 'HR', fields: [] }];
    await using network = await startReaderNetwork({ people: state });
    network.directory.run({ do: 'failPage', status: 400, reason: 'invalid' });
    network.config.put(app, { attributes: ['customSchemas.HR.site', 'customSchemas.Nope.x'] });
    const { users, completed } = await network.readAfter(0n);
    expect(users).toHaveLength(20);
    expect(completed).toMatchObject([{ schemas: ['HR'] }]);
  });
});

describe('config', () => {
  test('that is silent is not asked to be reachable for the reads to go on', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.config.put(app, {});
    await network.read();
    network.config.setSilent(true);
    network.directory.run({ do: 'suspend', user: 'user000007@example.com' });
    expect((await network.read()).users).toHaveLength(1);
  });

  test('that is silent for too long is 25005, until it answers again', async () => {
    await using network = await startReaderNetwork({ people: people(), configSilenceMs: 50 });
    network.config.setSilent(true);
    const nextCheck = async () => {
      let checks: Check[] = [];
      await until(async () => (checks = (await network.takePublished()).checks).length > 0);
      return checks;
    };
    expect(await nextCheck()).toMatchObject([{ subject: 'installation', code: '25005', passed: false }]);
    network.config.setSilent(false);
    expect(await nextCheck()).toMatchObject([{ subject: 'installation', code: '25005', passed: true }]);
  });

  test('a customer whose last setup is switched off is read no more', async () => {
    await using network = await startReaderNetwork({ people: people(), poll: everyMs(1) });
    network.config.put(app, {});
    await network.readAfter(2n);
    network.config.put(app, { active: false });
    const ask = () => network.client().requestRead({ customer: 'customers/acme' }, { timeoutMs: 5_000 });
    await until(async () =>
      ask().then(
        () => false,
        () => true,
      ),
    );
    await expect(ask()).rejects.toThrow('activate a setup');
  });
});

test('two replicas read a customer once', async () => {
  await using network = await startReaderNetwork({ people: people() });
  (await network.addReplica()).client.close();
  network.config.put(app, {});
  await network.readAfter(0n);
  for (let i = 0; i < 5; i++) await network.read();
  const { lastReadNo } = await network.status();
  expect(network.directory.run({ do: 'counts' }).usersList).toBe(Number(lastReadNo));
});

describe('customers', () => {
  test('are apart: each has its own users, reads and records', async () => {
    await using network = await startReaderNetwork({ people: people() });
    network.config.put(app, {});
    network.config.put('customers/globex/apps/crm', {});
    await network.read();
    await network.read('customers/globex');
    expect(network.records.filter((record) => record.partitionKey === 'globex')).toHaveLength(22);
    const names = (await network.client().listUsers(pageOf('customers/globex'), { timeoutMs: 5_000 })).users.map(
      ({ name }) => name,
    );
    expect(new Set(names.map((name) => name.split('/')[1]))).toEqual(new Set(['globex']));
  });
});

const pageOf = (parent: string) => ({ parent, pageSize: 0, pageToken: '', showDeleted: false, fresh: false });
