import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import type { Failure } from '@autoprov/proto';
import { directoryScopes, examplePeople, findGroup, waitUntil } from '@autoprov/testing';
import type { GoogleGroup, Network } from '@autoprov/testing';
import { findDifferences } from './judge.ts';
import { listFailures } from './list-failures.ts';
import { consumeAsDocumented, readTopic, runAutoprov } from './run-process.ts';
import type { PlainMessage } from './run-process.ts';
import { app, call, customer, installApp, startCompany } from './start-company.ts';

const topic = 'autoprov.failures.v1';
const always = 1_000_000;

let network: Network;
let accessGroup: GoogleGroup;

beforeAll(async () => {
  network = await startCompany('failures', {
    people: examplePeople({ users: 40 }),
    env: {
      'directory-reader': { CONFIG_SILENCE_MS: '1000' },
      'scim-pusher': { RETRY_FOR_MS: '500', PROBE_BASE_MS: '1000' },
    },
  });
  accessGroup = findGroup(network.people.state, network.people.accessGroup)!;
  await installApp(network);
  await network.settle();
});

afterAll(() => network?.stop());

/** What must be said of each of the troubled people, in the words of the model that made them. */
function documented() {
  return network.people.troubledPeople
    .map(({ user, code, reason }) => ({ primaryEmail: user.primaryEmail, code, reason }))
    .sort(byAddress);
}

function byAddress(a: { primaryEmail: string }, b: { primaryEmail: string }): number {
  return a.primaryEmail < b.primaryEmail ? -1 : 1;
}

/** The last message of each key. */
function latestOf(messages: PlainMessage[]): PlainMessage[] {
  return [...new Map(messages.map((message) => [message.key, message])).values()];
}

function valueOf({ value }: PlainMessage): Record<string, unknown> & { primaryEmail: string } {
  return JSON.parse(value!) as Record<string, unknown> & { primaryEmail: string };
}

test('the list holds each of the troubled people with the documented code and reason, and nobody else', async () => {
  const failures = await listFailures(network);
  expect(failures.map(({ primaryEmail, code, reason }) => ({ primaryEmail, code, reason })).sort(byAddress)).toEqual(
    documented(),
  );
});

test('each failure says what the service provider said, and what to do', async () => {
  const failures = await listFailures(network);
  for (const { user, says = '' } of network.people.troubledPeople) {
    const failure = failures.find((it) => it.user === `${customer}/users/${user.id}`);
    expect(failure).toMatchObject({ app, detail: expect.stringContaining(says) });
    expect(failure!.resolution.length).toBeGreaterThan(0);
  }
});

test('everybody else has an account', async () => {
  const refused = network.people.troubledPeople.map(({ user }) => user.id);
  expect(await findDifferences(network, { refused })).toEqual([]);
});

test('"npx autoprov failures --download" writes the same people, codes and reasons to a CSV', async () => {
  const file = join(network.dir, 'failures.csv');
  expect(await runAutoprov(network, 'failures', '--download', file)).toMatchObject({ exitCode: 0 });
  const rows = parse(readFileSync(file), { columns: true }) as Record<string, string>[];
  const people = rows.map(({ primary_email, code, reason }) => ({ primaryEmail: primary_email!, code, reason }));
  expect(people.sort(byAddress)).toEqual(documented());
});

test('a plain Kafka consumer reads each of them as a CloudEvent with JSON', async () => {
  const latest = latestOf(await readTopic(network, topic));
  const people = latest.map(valueOf);
  expect(people.map(({ primaryEmail, code, reason }) => ({ primaryEmail, code, reason })).sort(byAddress)).toEqual(
    documented(),
  );
  for (const message of latest) {
    expect(valueOf(message)).toMatchObject({ name: message.key, state: 'STATE_OPEN', scope: 'SCOPE_RESOURCE', app });
    expect(message.headers).toMatchObject({
      ce_specversion: '1.0',
      ce_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      ce_source: '/installations/local/failure-reporter',
      ce_type: expect.stringMatching(/^autoprov\.failure\.(opened|retried)\.v1$/),
      ce_subject: message.key,
      ce_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      ce_partitionkey: message.key,
      ce_dataschema: 'https://autoprov.dev/schemas/autoprov.event.v1.Failure.json',
      'content-type': 'application/json',
    });
  }
});

test('the consumer of the documentation shows what is open now', async () => {
  const people = (await consumeAsDocumented(network)).map(({ user, code, reason }) => ({ user, code, reason }));
  const expected = network.people.troubledPeople.map(({ user, code, reason }) => {
    return { user: `${customer}/users/${user.id}`, code, reason };
  });
  expect(people).toHaveLength(expected.length);
  expect(people).toEqual(expect.arrayContaining(expected));
});

test('what is mended in the directory is resolved by itself: in the list, on the topic, at the service provider', async () => {
  const { directory, people } = network;
  const [tooLong, oddAddress, foreignAccount, signedUp, untitled] = people.troubledPeople.map(({ user }) => user.id);
  const work = { primary: true, type: 'work', title: 'Engineer', department: 'Engineering' };
  directory.run({ do: 'update', user: tooLong!, set: { organizations: [work] } });
  directory.run({ do: 'changePrimaryAddress', user: oddAddress!, to: 'kaleo@example.com' });
  directory.run({ do: 'changePrimaryAddress', user: foreignAccount!, to: 'ines@example.com' });
  directory.run({ do: 'changePrimaryAddress', user: signedUp!, to: 'bjarne@example.com' });
  directory.run({ do: 'update', user: untitled!, set: { organizations: [work] } });
  await network.settle();

  expect(await listFailures(network)).toEqual([]);
  const latest = latestOf(await readTopic(network, topic));
  expect(latest).toHaveLength(people.troubledPeople.length);
  for (const message of latest) {
    expect(message.headers['ce_type']).toBe('autoprov.failure.resolved.v1');
    expect(valueOf(message)).toMatchObject({ state: 'STATE_RESOLVED', resolveTime: expect.any(String) });
  }
  expect(await findDifferences(network)).toEqual([]);
});

/** Spoils every answer of the service provider, and gives the pusher reasons to ask it: one person proves nothing. */
async function spoilServiceProvider(effect: 'unauthorized' | 'html'): Promise<void> {
  await network.serviceProvider.run({ do: 'fault', effect, times: always });
  const people = [...network.people.state.users.keys()].slice(0, 20);
  for (const user of people) network.directory.run({ do: 'rename', user, familyName: effect });
}

/** Takes the tokens given out with it: the next one is refused. */
function suspendAdmin(): void {
  network.directory.run({ do: 'suspend', user: network.people.adminEmail });
  network.directory.run({ do: 'revokeScopes', scopes: [] });
}

const mendServiceProvider = () => network.serviceProvider.run({ do: 'clearFaults' });

test.each<[what: string, failure: Partial<Failure>, breaks: () => unknown, mends: () => unknown]>([
  [
    'the directory withdraws all scopes',
    { code: '17003', customer, app: '', source: 'token-broker' },
    () => network.directory.run({ do: 'revokeScopes', scopes: directoryScopes }),
    () => network.directory.run({ do: 'grantScopes', scopes: directoryScopes }),
  ],
  [
    'the directory withdraws one scope',
    { code: '17006', customer, app: '', source: 'token-broker' },
    () => network.directory.run({ do: 'revokeScopes', scopes: directoryScopes.slice(0, 1) }),
    () => network.directory.run({ do: 'grantScopes', scopes: directoryScopes }),
  ],
  [
    'the admin on whose behalf the directory is read is suspended',
    { code: '17007', customer, app: '', source: 'token-broker' },
    () => suspendAdmin(),
    () => network.directory.run({ do: 'unsuspend', user: network.people.adminEmail }),
  ],
  [
    'the admin has lost the role',
    { code: '17008', customer, app: '', source: 'directory-reader' },
    () => network.directory.run({ do: 'failPage', status: 403, reason: 'forbidden', times: always }),
    () => network.directory.run({ do: 'clearFaults' }),
  ],
  [
    'the token broker is down',
    { code: '17002', customer: '', app: '', source: 'directory-reader' },
    () => network.kill('token-broker'),
    () => network.restart('token-broker'),
  ],
  [
    'config is down',
    { code: '25005', customer: '', app: '', source: 'directory-reader' },
    () => network.kill('config'),
    () => network.restart('config'),
  ],
  [
    'the group of the setup is gone',
    { code: '50005', app, source: 'directory-reader' },
    () => network.people.state.groups.delete(accessGroup.id),
    () => network.people.state.groups.set(accessGroup.id, accessGroup),
  ],
  [
    'the service provider refuses the credential',
    { code: '17010', app, user: '', source: 'scim-pusher' },
    () => spoilServiceProvider('unauthorized'),
    mendServiceProvider,
  ],
  [
    'no SCIM answers at the endpoint',
    { code: '45005', app, user: '', source: 'scim-pusher' },
    () => spoilServiceProvider('html'),
    mendServiceProvider,
  ],
])('%s: one failure, nobody loses access, and it is over when it is mended', async (_, failure, breaks, mends) => {
  await breaks();
  await network.clients.directory.requestRead({ customer }, call);
  await waitUntil('the failure', async () => (await listFailures(network)).length > 0, Date.now() + 30_000);
  expect(await listFailures(network)).toMatchObject([failure]);
  await mends();
  // The first read after a restart may meet a connection that is not made anew yet.
  const isOver = async (): Promise<boolean> => {
    await network.settle();
    return (await listFailures(network)).length === 0;
  };
  await waitUntil('its end', isOver, Date.now() + 60_000);
  expect(await findDifferences(network)).toEqual([]);
  const since = { startTime: undefined, endTime: undefined };
  const counters = await network.clients.failures.getAppCounters({ app, ...since }, call);
  expect(counters).toMatchObject({ suspended: 0n, deleted: 0n });
});
