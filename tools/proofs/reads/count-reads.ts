import { setTimeout as delay } from 'node:timers/promises';
import { lagOf, topics } from '@autoprov/kafka';
import { GetAppStatusResponse_State } from '@autoprov/proto';
import { addCustomer, installApp, plainCompany, plainPeople, waitUntil } from '@autoprov/testing';
import type { ExampleDirectory, Network } from '@autoprov/testing';
import type { Display } from '../../shared/display.ts';
import { withNetwork } from '../../shared/run-tool.ts';
import { groupsOf, nobody } from './plain-company.ts';

const USERS = 10_000;
const SCOPED_GROUPS = 200;
const NEW_GROUPS = 5;
const CALL = { timeoutMs: 60_000 };
const TIMEOUT_MS = 1_200_000;

/** What was counted, in a running system of 10,000 users and 200 scoped groups with 10,000 memberships. */
export type Counted = {
  figures: {
    reads: number;
    readsNoGroups: number;
    secondPassEvents: number;
    secondPassWrites: number;
    secondAppReads: number;
  };
  /** Of an app that names five new groups. */
  newGroupReads: number;
  waitingExplanation: string;
  waitingWrites: number;
  /** Requests to Google by which the later two setups were checked before they were saved and activated. */
  checks: number;
};

/** Runs the system and counts, at the directory, at Kafka and at the service providers. */
export async function countReads(display: Display): Promise<Counted> {
  const people = plainCompany({ users: USERS, groups: SCOPED_GROUPS + NEW_GROUPS, membersPerGroup: 50 });
  // Nothing is read but what is asked for.
  const env = { 'directory-reader': { POLL_INTERVAL_MS: '3600000' } };
  const options = { dir: '.autoprov/proof', people, env, serviceProvider: { kind: 'scimmy' as const } };
  display.print(`\n  ${USERS} users, ${SCOPED_GROUPS} scoped groups, ${SCOPED_GROUPS * 50} memberships\n`);
  return withNetwork(display, options, (network) => count(network, display));
}

async function count(network: Network, display: Display): Promise<Counted> {
  const groups = groupsOf(network.people.state);
  const scoped = { groups: groups.slice(0, SCOPED_GROUPS) };
  display.step('a customer, and a first app that is brought into step');
  const parent = await addCustomer(network, 'acme', network.directory);
  const wiki = { parent, id: 'wiki', at: network.serviceProvider };
  const app = await installApp(network, wiki, { scope: scoped });
  await settleSaying(network, display, app);

  display.step('a second pass, with nothing changed');
  const eventsBefore = await countEvents(network);
  await network.serviceProvider.run({ do: 'resetCounts' });
  network.directory.run({ do: 'resetCounts' });
  await network.settle({ timeoutMs: TIMEOUT_MS });
  const reads = countAtDirectory(network.directory);
  const secondPassEvents = (await countEvents(network)) - eventsBefore;
  const counts = await network.serviceProvider.counts();

  display.step('a customer without groups');
  const { readsNoGroups } = await readWithoutGroups(network);

  display.step('a second app, whose groups are known');
  const before = await readCounts(network, parent);
  await installApp(network, await anotherApp(network, parent, 'crm'), { scope: { groups: scoped.groups.slice(0, 2) } });
  await network.settle({ read: false, timeoutMs: TIMEOUT_MS });
  const between = await readCounts(network, parent);

  display.step('a third app, which names five new groups');
  const third = await anotherApp(network, parent, 'chat');
  const waiting = await installAndWatch(network, third, groups.slice(SCOPED_GROUPS));
  const after = await readCounts(network, parent);
  display.done();
  return {
    figures: {
      reads,
      readsNoGroups,
      secondPassEvents,
      secondPassWrites: counts.reads + counts.writes,
      secondAppReads: between.reads - before.reads,
    },
    newGroupReads: after.reads - between.reads,
    ...waiting,
    checks: after.checks - before.checks,
  };
}

/** Makes the directory slow, so that there is time to see what an app does that waits for it. */
async function installAndWatch(network: Network, where: Awaited<ReturnType<typeof anotherApp>>, groups: string[]) {
  network.directory.run({ do: 'setLatency', latencyMs: 1_000 });
  const app = await installApp(network, where, { scope: { groups } });
  let waitingExplanation = '';
  await waitUntil(
    `${app} to wait for a read`,
    async () => {
      const { state, explanation } = await network.clients.push.getAppStatus({ app }, CALL);
      if (state !== GetAppStatusResponse_State.STATE_WAITING_FOR_READ) return false;
      waitingExplanation = explanation;
      return true;
    },
    Date.now() + 30_000,
  );
  const waitingWrites = (await where.at.counts()).writes;
  network.directory.run({ do: 'setLatency', latencyMs: 0 });
  await network.settle({ read: false, timeoutMs: TIMEOUT_MS });
  return { waitingExplanation, waitingWrites };
}

async function readWithoutGroups(network: Network): Promise<{ readsNoGroups: number }> {
  const directory = network.directory.addCustomer({ people: plainPeople({ users: USERS, domain: 'globex.example' }) });
  const parent = await addCustomer(network, 'globex', directory, 'admin@globex.example');
  await installApp(network, await anotherApp(network, parent, 'wiki'), { scope: nobody });
  await network.settle({ read: false, timeoutMs: TIMEOUT_MS });
  directory.run({ do: 'resetCounts' });
  await network.settle({ timeoutMs: TIMEOUT_MS });
  return { readsNoGroups: countAtDirectory(directory) };
}

async function anotherApp(network: Network, parent: string, id: string) {
  const at = await network.startServiceProvider(`${parent.split('/')[1]}-${id}`, 'scimmy');
  return { parent, id, at };
}

/** Shows how far the app is, until it is in step. */
async function settleSaying(network: Network, display: Display, app: string): Promise<void> {
  let isSettled = false;
  const settled = network.settle({ read: false, timeoutMs: TIMEOUT_MS }).finally(() => (isSettled = true));
  settled.catch(() => {});
  while (!isSettled) {
    const { activeCount } = await network.clients.push.getAppStatus({ app }, CALL).catch(() => ({ activeCount: 0n }));
    display.step('a customer, and a first app that is brought into step', `${activeCount} of ${USERS} accounts`);
    await delay(250);
  }
  await settled;
}

/** Requests that reached the Admin SDK, whatever for. */
function countAtDirectory(directory: Pick<ExampleDirectory, 'run'>): number {
  const { usersList, usersGet, membersList, schemasList } = directory.run({ do: 'counts' });
  return usersList + usersGet + membersList + schemasList;
}

/** Requests as the reader counts them: those of reads, and those by which setups are checked before they are saved. */
async function readCounts({ clients }: Network, customer: string): Promise<{ reads: number; checks: number }> {
  const { requestCounts } = await clients.directory.getReadStatus({ customer }, CALL);
  const { checks = 0n, identify: _, ...reads } = requestCounts;
  return { reads: Object.values(reads).reduce((sum, n) => sum + Number(n), 0), checks: Number(checks) };
}

/** Every record there has been: nobody commits for this group. */
async function countEvents({ kafka }: Network): Promise<number> {
  return lagOf(kafka, 'proof-of-reads', [topics.users]);
}
