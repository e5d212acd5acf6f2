import { addCustomer, installApp, plainCompany, waitUntil } from '@autoprov/testing';
import type { Network } from '@autoprov/testing';
import { bar } from '../../shared/display.ts';
import type { Display } from '../../shared/display.ts';
import { withNetwork } from '../../shared/run-tool.ts';
import { groupsOf, nobody } from './plain-company.ts';

const GROUPS = 200;
const CALL = { timeoutMs: 60_000 };
const TIMEOUT_MS = 1_200_000;

/** What reading a directory for the first time, everybody in a group, takes. */
export type Pass = {
  /** From the first request until everybody is mirrored and announced. */
  seconds: number;
  /** The most memory that the reader's process had, until all was published and everything read a second time. */
  peakMemoryMb: number;
};

/** Reads a directory of so many users in a system of its own, which pushes nobody. */
export async function measurePass(display: Display, users: number): Promise<Pass> {
  const people = plainCompany({ users, groups: GROUPS, membersPerGroup: users / GROUPS });
  // The quota is not what is measured.
  const env = { 'directory-reader': { POLL_INTERVAL_MS: '3600000', GOOGLE_REQUESTS_PER_MINUTE: '1000000' } };
  const options = { dir: '.autoprov/proof', people, env, serviceProvider: { kind: 'scimmy' as const } };
  display.print(`\n  ${users} users, ${GROUPS} groups, ${users} memberships\n`);
  return withNetwork(display, options, (network) => measure(network, display, users));
}

async function measure(network: Network, display: Display, users: number): Promise<Pass> {
  const customer = await addCustomer(network, 'acme', network.directory);
  const scope = { ...nobody, groups: groupsOf(network.people.state) };
  const where = { parent: customer, id: 'wiki', at: network.serviceProvider };
  await installApp(network, where, { scope });
  const seconds = await timeFirstRead(network, display, customer, users);
  display.step('published, and read once more');
  await network.settle({ timeoutMs: TIMEOUT_MS });
  display.done();
  return { seconds, peakMemoryMb: network.peakMemoryMb()['directory-reader']! };
}

async function timeFirstRead({ clients }: Network, display: Display, customer: string, users: number): Promise<number> {
  let startTime: Date | undefined;
  let endTime: Date | undefined;
  const look = async () => {
    const status = await clients.directory.getReadStatus({ customer }, CALL);
    startTime ??= status.running?.startTime;
    endTime = status.lastEndTime;
    const { usersRead = 0n, groupsRead = 0 } = status.running ?? {};
    display.step('first read', `users ${bar(Number(usersRead), users)}, groups ${bar(groupsRead, GROUPS)}`);
    return endTime !== undefined;
  };
  await waitUntil('the first read', look, Date.now() + TIMEOUT_MS);
  if (!startTime) throw new Error('the first read ended before it was seen to run: measure with more users');
  return Number(((endTime!.getTime() - startTime.getTime()) / 1000).toFixed(1));
}
