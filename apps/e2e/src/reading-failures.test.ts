import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runAsAdmin } from '@autoprov/postgres/testing';
import { Failure_State, GuardPolicy, ProvisioningScope, type Failure } from '@autoprov/proto';
import { findGroup, plainCompany, startKafka, waitUntil } from '@autoprov/testing';
import type { GoogleGroup, LocalKafka, Network } from '@autoprov/testing';
import { findDifferences } from './judge.ts';
import { listFailures } from './list-failures.ts';
import { app, call, customer, installApp, setup, startCompany } from './start-company.ts';

const always = 1_000_000;
const write = { validateOnly: false, requestId: '' };
const accessGroup = 'group001@example.com';
const otherGroup = 'group002@example.com';

/** Who is to have access at first. */
const demanded = { groups: [accessGroup, otherGroup] };

let kafka: LocalKafka;
let network: Network;
let group: GoogleGroup;

beforeAll(async () => {
  // One that nobody else needs: it is frozen.
  kafka = await startKafka({ dir: '.test/reading-failures-kafka' });
  network = await startCompany('reading-failures', {
    infra: { databaseUrl: process.env['DATABASE_URL']!, kafkaBrokers: kafka.brokers },
    gatedDatabases: ['directory-reader', 'scim-pusher'],
    people: plainCompany({ users: 20, groups: 2, membersPerGroup: 10 }),
    serviceProvider: { kind: 'scimmy' },
    env: {
      'directory-reader': { GOOGLE_RETRY_MS: '500' },
      'scim-pusher': { RETRY_FOR_MS: '500', PROBE_BASE_MS: '1000' },
    },
  });
  // At the end half of the people leave the scope at once, without an approval.
  const guard = GuardPolicy.fromPartial({ maxSharePercent: 100 });
  await installApp(network, { scope: ProvisioningScope.fromPartial(demanded), guard });
  await network.settle({ read: false });
  group = findGroup(network.people.state, otherGroup)!;
});

afterAll(async () => {
  await network?.stop();
  await kafka?.stop();
});

const readAgain = () => network.clients.directory.requestRead({ customer }, call);
async function isInStep(): Promise<boolean> {
  await network.settle();
  return (await listFailures(network)).length === 0 && (await findDifferences(network, demanded)).length === 0;
}

async function expectNobodyLostAccess(): Promise<void> {
  const since = { startTime: undefined, endTime: undefined };
  const counters = await network.clients.failures.getAppCounters({ app, ...since }, call);
  expect(counters).toMatchObject({ suspended: 0n, deleted: 0n });
}

/** The reader meets what nobody has thought of. */
const injectBug = () =>
  runAsAdmin(
    network.databaseUrl,
    `create function directory_reader.fail() returns trigger language plpgsql as $$ begin raise 'injected'; end $$;
     create trigger fail before update on directory_reader.users execute function directory_reader.fail()`,
  );
const removeBug = () => runAsAdmin(network.databaseUrl, `drop function directory_reader.fail() cascade`);

/** What a backup of config that was put back may lack. */
const loseRecord = async () => {
  await runAsAdmin(
    network.databaseUrl,
    `create table public.lost as select * from config.setups; delete from config.setups`,
  );
  // What config confirmed is known in memory only.
  await network.restart('scim-pusher');
  network.directory.run({ do: 'rename', user: [...network.people.state.users.keys()][1]!, familyName: 'Changed' });
};
const putRecordBack = () =>
  runAsAdmin(network.databaseUrl, `insert into config.setups select * from public.lost; drop table public.lost`);

test.each<[what: string, failure: Partial<Failure>, breaks: () => unknown, mends: () => unknown]>([
  [
    'the list of users answers 503',
    { code: '50001', customer, app: '', source: 'directory-reader' },
    () => network.directory.run({ do: 'failPage', status: 503, reason: 'backendError', times: always }),
    () => network.directory.run({ do: 'clearFaults' }),
  ],
  [
    "a group's members are refused for quota",
    { code: '50003', customer, app: '', source: 'directory-reader' },
    () =>
      network.directory.run({
        do: 'failPage',
        kind: 'membersList',
        status: 403,
        reason: 'quotaExceeded',
        times: always,
      }),
    () => network.directory.run({ do: 'clearFaults' }),
  ],
  [
    'the reader meets a bug',
    { code: '12003', customer: '', app: '', source: 'directory-reader' },
    injectBug,
    removeBug,
  ],
  ["the setup's record is lost", { code: '25001', app, source: 'scim-pusher' }, loseRecord, putRecordBack],
  [
    'PostgreSQL is silent',
    { code: '50006', reason: 'POSTGRES_UNAVAILABLE', customer: '', source: 'directory-reader' },
    () => network.databaseGates['directory-reader']!.shut(),
    () => network.databaseGates['directory-reader']!.open(),
  ],
])('%s: one failure, nobody loses access, and it is over by itself', async (_, failure, breaks, mends) => {
  await breaks();
  await readAgain().catch(() => {});
  await waitUntil('the failure', async () => (await listFailures(network)).length > 0, Date.now() + 60_000);
  expect(await listFailures(network)).toMatchObject([failure]);
  await mends();
  await waitUntil('its end', isInStep, Date.now() + 60_000);
  await expectNobodyLostAccess();
});

test('Kafka is silent: 50006 is listed once Kafka answers, since when it was silent, and is over', async () => {
  const before = new Date();
  process.kill(kafka.pid, 'SIGSTOP');
  try {
    await waitUntil('both watches to see it', async () => Date.now() - before.getTime() > 30_000, Date.now() + 60_000);
  } finally {
    process.kill(kafka.pid, 'SIGCONT');
  }
  const ended = async () => (await listEnded('50006')).filter(({ reason }) => reason === 'KAFKA_UNAVAILABLE');
  await waitUntil('the failure', async () => (await ended()).length > 0, Date.now() + 60_000);
  for (const { openTime } of await ended()) expect(openTime!.getTime()).toBeLessThan(before.getTime() + 15_000);
  await waitUntil('its end', isInStep, Date.now() + 60_000);
  await expectNobodyLostAccess();
});

async function listEnded(code: string): Promise<Failure[]> {
  const filter = { app: '', user: '', code, reason: '', states: [Failure_State.STATE_RESOLVED] };
  const request = { parent: 'customers/-', filter, pageSize: 1000, pageToken: '' };
  return (await network.clients.failures.listFailures(request, call)).failures;
}

test('a group is gone: its members keep access until somebody takes it out of the scope', async () => {
  network.people.state.groups.delete(group.id);
  await readAgain();
  await waitUntil('the failure', async () => (await listFailures(network)).length > 0, Date.now() + 60_000);
  expect(await listFailures(network)).toMatchObject([{ code: '50005', app, source: 'directory-reader' }]);
  await network.settle();
  await expectNobodyLostAccess();

  const { config } = network.clients;
  const { setup: stored } = await config.getSetup({ name: setup }, call);
  const wanted = { ...stored!, scope: { ...stored!.scope!, groups: [accessGroup] } };
  await config.updateSetup({ setup: wanted, updateMask: ['scope'], ...write }, call);
  const isOver = async () => {
    await network.settle();
    return (await listFailures(network)).length === 0 && (await findDifferences(network)).length === 0;
  };
  await waitUntil('its end', isOver, Date.now() + 60_000);
});
