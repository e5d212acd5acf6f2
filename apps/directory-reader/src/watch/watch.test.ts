import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { topics, type KafkaRecord } from '@autoprov/kafka';
import { connect, inTransaction, type Pool } from '@autoprov/postgres';
import { DirectoryEvent, DirectoryUser_State, type DirectoryUser } from '@autoprov/proto';
import { createLogger } from '@autoprov/service';
import { findUser, plainPeople } from '@autoprov/testing';
import { foldUsers, hashOf, startReaderNetwork, until } from '../reader-network.fixture.ts';

const acme = 'customers/acme';
const everybody = 'everybody@example.com';
const sales = 'sales@example.com';
const userEmail = (number: number) => `user${String(number).padStart(6, '0')}@example.com`;
let network: Awaited<ReturnType<typeof startReaderNetwork>>;
let pool: Pool;

beforeAll(async () => {
  network = await startReaderNetwork({ people: plainPeople({ users: 100 }), watched: true });
  const logger = createLogger({ service: 'test', level: 'fatal' });
  pool = connect({ url: network.databaseUrl, schema: 'directory-reader', applicationName: 'test', logger });
  network.directory.run({ do: 'addGroup', email: everybody });
  network.directory.run({ do: 'addMember', group: everybody, everybody: true });
  network.directory.run({ do: 'addGroup', email: sales });
  network.directory.run({ do: 'addMember', group: sales, user: userEmail(7) });
  network.config.put(`${acme}/apps/crm`, { groups: [everybody, sales] });
  await network.read();
  await until(async () => channels().length === 4);
});
afterAll(async () => {
  await pool.end();
  await network[Symbol.asyncDispose]();
});
beforeEach(async () => {
  network.directory.run({ do: 'setNotifications' });
  // So that no test waits for the pause after another's.
  await pool.query(`delete from hurried_users`);
  network.directory.run({ do: 'resetCounts' });
});

const channels = () => network.directory.run({ do: 'channels' });
const counts = () => network.directory.run({ do: 'counts' });
const idOf = (user: string) => findUser(network.directory.state, user)!.id;
const announced = (id: string) => foldUsers(network.records).get(id);

/** Waits until the user is announced so; answers after how many milliseconds. */
async function announcedAs(id: string, holds: (user: DirectoryUser) => boolean): Promise<number> {
  const fromMs = performance.now();
  await until(async () => {
    const user = announced(id);
    return user !== undefined && holds(user);
  });
  return performance.now() - fromMs;
}

/** Waits until notifications came and were worked off. */
async function settle(notifications: number): Promise<void> {
  await until(async () => network.directory.run({ do: 'deliveries' }).length >= notifications);
  await until(async () => (await pool.query(`select from hurried_users where due_time is not null`)).rowCount === 0);
}

describe('a change is announced within 5 s of it, although nobody polls:', () => {
  const { STATE_SUSPENDED, STATE_DELETED, STATE_ACTIVE } = DirectoryUser_State;

  test('an update, at the cost of one users.get', async () => {
    const id = idOf(userEmail(3));
    network.directory.run({ do: 'update', user: id, set: { orgUnitPath: '/Moved' } });
    expect(await announcedAs(id, ({ orgUnitPath }) => orgUnitPath === '/Moved')).toBeLessThan(5_000);
    expect(counts()).toMatchObject({ usersGet: 1, usersList: 0, membersList: 0 });
    expect((await network.status()).requestCounts).toMatchObject({ hurried: expect.any(BigInt) });
  });

  test('a suspension', async () => {
    const id = idOf(userEmail(4));
    network.directory.run({ do: 'suspend', user: id });
    expect(await announcedAs(id, ({ state }) => state === STATE_SUSPENDED)).toBeLessThan(5_000);
  });

  test('a new hire, who is at once in the groups that everybody is in', async () => {
    const hire = { primaryEmail: 'new@example.com', givenName: 'New', familyName: 'Here' };
    const { id } = network.directory.run({ do: 'hire', ...hire });
    expect(await announcedAs(id, ({ groups }) => groups.includes(everybody))).toBeLessThan(5_000);
  });

  test('a deletion and a return, which brings no group of before back', async () => {
    const id = idOf(userEmail(7));
    expect(announced(id)?.groups).toEqual([everybody, sales]);
    network.directory.run({ do: 'delete', user: id });
    expect(await announcedAs(id, ({ state }) => state === STATE_DELETED)).toBeLessThan(5_000);
    // A read sees that a deleted user is in no group any more.
    await network.read();
    await pool.query(`delete from hurried_users`);
    network.directory.run({ do: 'undelete', user: id });
    expect(await announcedAs(id, ({ state }) => state === STATE_ACTIVE)).toBeLessThan(5_000);
    expect(announced(id)?.groups).toEqual([everybody]);
  });
});

describe('what a notification says is not believed:', () => {
  test('who is said to be gone and is there stays, and nothing is announced', async () => {
    const before = network.records.length;
    const delivered = network.directory.run({ do: 'deliveries' }).length;
    network.directory.run({ do: 'notify', user: userEmail(10), event: 'delete' });
    await settle(delivered + 1);
    await until(async () => counts().usersGet === 1);
    expect(network.records.slice(before)).toEqual([]);
    expect(announced(idOf(userEmail(10)))?.state).toBe(DirectoryUser_State.STATE_ACTIVE);
  });

  test('of somebody who does not exist nothing becomes', async () => {
    const [before, delivered] = [network.records.length, network.directory.run({ do: 'deliveries' }).length];
    network.directory.run({ do: 'notify', user: '123456789', event: 'add' });
    await settle(delivered + 1);
    await until(async () => counts().usersGet === 1);
    expect(network.records.slice(before)).toEqual([]);
  });

  test('one that comes late announces the state of now, never an older one', async () => {
    const id = idOf(userEmail(11));
    network.directory.run({ do: 'setNotifications', delayMs: 1_500 });
    network.directory.run({ do: 'update', user: id, set: { orgUnitPath: '/First' } });
    network.directory.run({ do: 'setNotifications' });
    network.directory.run({ do: 'update', user: id, set: { orgUnitPath: '/Second' } });
    const delivered = network.directory.run({ do: 'deliveries' }).length;
    await settle(delivered + 2);
    await until(async () => counts().usersGet === 2);
    const paths = network.records.flatMap((record) => {
      const { event } = DirectoryEvent.decode(record.value!);
      return event?.$case === 'user' && event.value.name.endsWith(`/${id}`) ? [event.value.orgUnitPath] : [];
    });
    expect(paths.slice(-1)).toEqual(['/Second']);
    expect(paths).not.toContain('/First');
  });
});

describe('whoever is not Google', () => {
  const post = async (headers: Record<string, string>, body: string | undefined = '{"id":"1"}', method = 'POST') => {
    const answer = await fetch(network.hookUrl, { method, headers, ...(method === 'POST' && { body }) });
    return answer.status;
  };
  const genuine = () => {
    const { id, token } = channels()[0]!;
    return { 'x-goog-channel-id': id, 'x-goog-channel-token': token!, 'x-goog-resource-state': 'update' };
  };

  test('is refused and counted, and has nothing read', async () => {
    const { 'x-goog-channel-token': token, ...tokenless } = genuine();
    const wrongToken = { ...tokenless, 'x-goog-channel-token': `${token.slice(1)}A` };
    expect(await post(wrongToken)).toBe(401);
    expect(await post(tokenless)).toBe(401);
    expect(await post({ ...genuine(), 'x-goog-channel-id': '01234567-89ab-cdef-0123-456789abcdef' })).toBe(404);
    expect(await post({ ...genuine(), 'x-goog-channel-id': "x' or true --" })).toBe(404);
    expect(await post({})).toBe(404);
    expect(await post(genuine(), undefined, 'GET')).toBe(405);
    expect(await post(genuine(), ' '.repeat(20_000))).toBe(413);
    for (const body of ['', '{', '[]', '{"id":"../groups"}', '{"id":{}}'])
      expect(await post(genuine(), body)).toBe(400);
    expect(await pool.query(`select from hurried_users`)).toMatchObject({ rowCount: 0 });
    expect(counts()).toMatchObject({ usersGet: 0, usersList: 0 });
    const metric = await network.metric('autoprov_watch_notifications_total');
    for (const result of [
      'wrong_token"} 2',
      'unknown_channel"} 3',
      'not_post"} 1',
      'too_large"} 1',
      'names_nobody"} 5',
    ])
      expect(metric).toContain(`result="${result}`);
  });

  test('reads no token in the database', async () => {
    const { rows } = await pool.query<{ row: string }>(
      `select c::text || encode(token_sha256, 'escape') as row from watch_channels c`,
    );
    expect(rows).toHaveLength(4);
    for (const { token } of channels()) for (const { row } of rows) expect(row).not.toContain(token);
  });
});

test('a number is taken for an id without being rounded', async () => {
  const id = idOf(userEmail(12));
  const { id: channelId, token } = channels()[0]!;
  const headers = { 'x-goog-channel-id': channelId, 'x-goog-channel-token': token!, 'x-goog-resource-state': 'update' };
  const { status } = await fetch(network.hookUrl, { method: 'POST', headers, body: `{"id":${id}}` });
  expect(status).toBe(204);
  const { rows } = await pool.query<{ userId: string }>(`select user_id as "userId" from hurried_users`);
  expect(rows).toEqual([{ userId: id }]);
});

describe('many notifications', () => {
  test('of one user at once cost one users.get', async () => {
    const id = idOf(userEmail(20));
    const delivered = network.directory.run({ do: 'deliveries' }).length;
    network.directory.run({ do: 'setNotifications', copies: 50, delayMs: 100 });
    network.directory.run({ do: 'update', user: id, set: { orgUnitPath: '/Once' } });
    await settle(delivered + 50);
    await announcedAs(id, ({ orgUnitPath }) => orgUnitPath === '/Once');
    // Whatever came while the first was asked for is one more.
    expect(counts().usersGet).toBeLessThanOrEqual(2);
  });

  test('of one user have it asked for once in 3 seconds, and the last state is announced', async () => {
    const id = idOf(userEmail(19));
    const change = async (orgUnitPath: string) => {
      network.directory.run({ do: 'update', user: id, set: { orgUnitPath } });
      return announcedAs(id, (user) => user.orgUnitPath === orgUnitPath);
    };
    await change('/Step1');
    expect(await change('/Step2')).toBeGreaterThan(2_000);
  });

  test('of many users become one read of all', async () => {
    const numbers = Array.from({ length: 75 }, (_, i) => 21 + i);
    network.directory.run({ do: 'setNotifications', copies: 0 });
    for (const number of numbers)
      network.directory.run({ do: 'update', user: userEmail(number), set: { orgUnitPath: '/Bulk' } });
    await pool.query(
      `insert into hurried_users (customer_id, user_id, due_time) select 'acme', unnest($1::text[]), clock_timestamp()`,
      [numbers.map((number) => idOf(userEmail(number)))],
    );
    for (const number of numbers)
      await announcedAs(idOf(userEmail(number)), ({ orgUnitPath }) => orgUnitPath === '/Bulk');
    expect(counts().usersGet).toBeLessThan(10);
  });
});

test('a hurried read takes turns with the end of a read, which counts what is announced', async () => {
  const id = idOf(userEmail(14));
  const ending = await pool.query<{ readNo: bigint }>(`select read_no as "readNo" from customers`);
  await inTransaction(pool, async (tx) => {
    // As the end of a read does before it hashes who is present.
    await tx.query(`update customers set read_no = $1`, [ending.rows[0]!.readNo]);
    network.directory.run({ do: 'update', user: id, set: { orgUnitPath: '/Turns' } });
    const isWaiting = async () =>
      (await pool.query(`select from pg_stat_activity where wait_event_type = 'Lock' and usename = current_user`))
        .rowCount > 0;
    await until(async () => announced(id)?.orgUnitPath === '/Turns' || (await isWaiting()));
    expect(announced(id)?.orgUnitPath).not.toBe('/Turns');
  });
  await announcedAs(id, ({ orgUnitPath }) => orgUnitPath === '/Turns');
});

/** Whether each ReadCompleted says what a copy holds that took in all records before it. */
function fitCopies(records: KafkaRecord[]): boolean[] {
  return records.flatMap((record, i) => {
    if (record.topic !== topics.users) return [];
    const { event } = DirectoryEvent.decode(record.value!);
    return event?.$case === 'readCompleted' ? [event.value.presentHash === hashOf(foldUsers(records.slice(0, i)))] : [];
  });
}

test('hurried reads beside whole reads, on two replicas: each ReadCompleted fits what was published before it', async () => {
  const replica = await network.addReplica();
  const atReplica = `http://127.0.0.1:${replica.watchPort}/`;
  const { id: channelId, token } = channels()[0]!;
  const headers = { 'x-goog-channel-id': channelId, 'x-goog-channel-token': token!, 'x-goog-resource-state': 'update' };
  network.directory.run({ do: 'setLatency', latencyMs: 20 });
  for (let round = 1; round <= 8; round++) {
    const reading = network.read();
    for (let number = 30; number < 60; number += 3) {
      const id = idOf(userEmail(number));
      network.directory.run({ do: 'update', user: id, set: { orgUnitPath: `/Round${round}` } });
      await fetch(atReplica, { method: 'POST', headers, body: JSON.stringify({ id }) });
    }
    await reading;
  }
  network.directory.run({ do: 'clearFaults' });
  await network.read();
  const fits = fitCopies(network.records);
  expect(fits.length).toBeGreaterThan(8);
  expect(fits).toEqual(fits.map(() => true));
});

describe('channels', () => {
  test('are replaced before they end, and those that were are stopped', async () => {
    const before = channels().map(({ id }) => id);
    await network.restart({ clockOffsetMs: 20 * 3_600_000 });
    await until(async () => channels().every(({ id }) => !before.includes(id)) && channels().length === 4);
    const id = idOf(userEmail(13));
    network.directory.run({ do: 'update', user: id, set: { orgUnitPath: '/Renewed' } });
    expect(await announcedAs(id, ({ orgUnitPath }) => orgUnitPath === '/Renewed')).toBeLessThan(5_000);
    expect(await network.metric('autoprov_watch_channels')).toContain('autoprov_watch_channels 4');
  });

  test('that Google refuses keep nobody from reading', async () => {
    await pool.query(`update watch_channels set renew_time = 'epoch'`);
    const fault = { kind: 'usersWatch', status: 403, reason: 'forbidden', times: 99 } as const;
    network.directory.run({ do: 'failPage', ...fault });
    await until(async () => counts().usersWatch > 0);
    const { lastReadNo } = await network.status();
    await network.read();
    expect(await network.status()).toMatchObject({ incompleteParts: [] });
    expect((await network.status()).lastReadNo).toBeGreaterThan(lastReadNo);
    network.directory.run({ do: 'clearFaults' });
  });

  test('are stopped with the last active setup', async () => {
    network.config.put(`${acme}/apps/crm`, { active: false });
    await until(async () => channels().length === 0);
    await until(async () => (await pool.query(`select from watch_channels`)).rowCount === 0);
  });
});

test('without an address for notifications no channel is opened', async () => {
  await using quiet = await startReaderNetwork({ people: plainPeople({ users: 3 }) });
  quiet.config.put(`${acme}/apps/crm`, {});
  await quiet.read();
  expect(quiet.directory.run({ do: 'counts' })).toMatchObject({ usersWatch: 0 });
});
