import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rpcErrorOf, status } from '@autoprov/grpc';
import { demandedAccounts } from '@autoprov/testing';
import type { Network } from '@autoprov/testing';
import { runCli } from './cli.ts';
import { bar } from './display.ts';
import type { Display } from './display.ts';

/** The customer and the app of docs/examples/example.yaml. */
export const exampleCustomer = 'customers/example';
export const exampleApp = `${exampleCustomer}/apps/wiki`;

const LOOK_EVERY_MS = 250;
const CALL = { timeoutMs: 10_000 };

/**
 * Applies docs/examples/example.yaml, with the address of the network's own service provider, by the command line.
 *
 * @param scope the group whose members get the app; undefined: everybody
 * @returns the path of the file that was applied
 */
export async function applyExample(network: Network, scope: string | undefined): Promise<string> {
  const example = readFileSync(new URL('../../docs/examples/example.yaml', import.meta.url), 'utf8');
  const file = join(network.dir, 'example.yaml');
  const groups = scope === undefined ? '[]' : `[${scope}]`;
  writeFileSync(
    file,
    example
      .replace('https://wiki.example.com/scim/v2', network.serviceProvider.access.baseUrl)
      .replace('[app-access@example.com]', groups),
  );
  await runCli(network, 'apply', file);
  return file;
}

/** Waits, showing how it goes, until all is done that follows from a read of the directory. */
export async function syncExample(
  network: Network,
  display: Display,
  { title, read }: { title: string; read: boolean },
): Promise<void> {
  const { people } = network;
  const demanded = demandedAccounts(people.state, people.accessGroup ? { groups: [people.accessGroup] } : {});
  const accountCount = demanded.filter(({ must }) => must === 'active').length;
  const settled = network.settle({ read, timeoutMs: 1_200_000 });
  let isSettled = false;
  const watched = settled.finally(() => (isSettled = true));
  // Told by the await below; without this, a failure before it would end the process.
  watched.catch(() => {});
  while (!isSettled) {
    display.step(title, await describeProgress(network, accountCount));
    await Promise.race([watched.catch(() => {}), new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))]);
  }
  await settled;
}

async function describeProgress({ clients, people }: Network, accountCount: number): Promise<string> {
  const read = await clients.directory.getReadStatus({ customer: exampleCustomer }, CALL);
  if (read.running) return `directory ${bar(Number(read.running.usersRead), people.state.users.size)}`;
  const app = await readAppStatus(clients);
  const done = app ? Number(app.activeCount + app.suspendedCount + app.failingCount) : 0;
  return `accounts ${bar(Math.min(done, accountCount), accountCount)}`;
}

/** Undefined while the pusher has not heard of the app. */
async function readAppStatus({ push }: Network['clients']) {
  try {
    return await push.getAppStatus({ app: exampleApp }, CALL);
  } catch (err) {
    if (rpcErrorOf(err).code !== status.NOT_FOUND) throw err;
    return undefined;
  }
}
