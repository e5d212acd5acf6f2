import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TlsFiles } from '@autoprov/grpc';
import type { ServiceProviderSeed } from '../directory/troubled-people.ts';
import { stopChild } from '../infra/stop-child.ts';
import { listAccounts } from '../service-providers/list-accounts.ts';
import type { ScimAccount } from '../service-providers/list-accounts.ts';
import { commandFront, readFrontCounts, readFrontLog, readInvalidRequests } from '../service-providers/scim-client.ts';
import type { ScimAccess } from '../service-providers/scim-client.ts';
import type { FrontCommand, FrontCounts, FrontLogEntry } from '../service-providers/front-faults.ts';
import { peakMemoryMbOf } from './peak-memory.ts';
import { explainEnd, spawnLogged } from './spawn-logged.ts';
import type { Program } from './spawn-logged.ts';

/** Which service provider that we did not write. */
export type ServiceProviderKind = 'better-auth' | 'scimmy';

/** A service provider in a process of its own, on https. */
export type ServiceProviderProcess = {
  kind: ServiceProviderKind;
  /** Where it is and how one gets in. */
  access: Required<ScimAccess>;
  pid: number;
  /** Commands its front: faults, latency, counters. */
  run(command: FrontCommand): Promise<void>;
  /** What reached its front. */
  counts(): Promise<FrontCounts>;
  /** The last ten thousand requests, oldest first. */
  log(): Promise<FrontLogEntry[]>;
  /** What was wrong with requests of our SCIM client, by a validator that is not ours. */
  invalidRequests(): Promise<string[]>;
  /** Every user it shows, by SCIM. */
  list(): Promise<ScimAccount[]>;
  peakMemoryMb(): number;
  stop(): Promise<void>;
};

/** How to start one. */
export type ServiceProviderProcessOptions = {
  kind: ServiceProviderKind;
  name: string;
  dir: string;
  tls: TlsFiles;
  token: string;
  port: number;
  /** What it holds and demands beforehand. */
  seed?: ServiceProviderSeed;
  /** Keeps its accounts in this SQLite file over restarts (better-auth only). Default: in memory. */
  databaseFile?: string;
  /** scimmy only: takes two users with one userName. */
  withoutUniqueness?: boolean;
  /** scimmy only: a new user is in lists and filters only after so long. */
  lagMs?: number;
};

/** Starts a service provider; throws with its last words when it ends before it listens. */
export async function startServiceProviderProcess(
  options: ServiceProviderProcessOptions,
): Promise<ServiceProviderProcess> {
  const program: Program = {
    name: options.name,
    script: `libs/testing/dist/service-providers/${options.kind}-main.js`,
    args: argumentsOf(options),
    // It puts its seed in by its own front, on https.
    env: { SCIM_TOKEN: options.token, NODE_EXTRA_CA_CERTS: options.tls.caFile },
    dir: options.dir,
  };
  const child = await spawnLogged(program, 'pipe');
  const lines = createInterface(child.stdout!);
  const [line] = (await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => [])])) as [string?];
  if (line === undefined) throw new Error(explainEnd(`the service provider ${options.kind} ended at start`, program));
  // By name: TLS has no server name for an address.
  const baseUrl = (JSON.parse(line) as { baseUrl: string }).baseUrl.replace('127.0.0.1', 'localhost');
  const access = { baseUrl, token: options.token, ca: readFileSync(options.tls.caFile, 'utf8') };
  const pid = child.pid!;
  return {
    kind: options.kind,
    access,
    pid,
    run: (command) => commandFront(access, command),
    counts: () => readFrontCounts(access),
    log: () => readFrontLog(access),
    invalidRequests: () => readInvalidRequests(access),
    list: () => listAccounts(access),
    peakMemoryMb: () => peakMemoryMbOf(pid),
    stop: () => stopChild(child, 'SIGTERM', 2_000),
  };
}

function argumentsOf(options: ServiceProviderProcessOptions): string[] {
  const { name, dir, tls, port, seed, databaseFile, withoutUniqueness, lagMs } = options;
  const args = ['--port', String(port), '--cert', tls.certFile, '--key', tls.keyFile];
  if (seed) {
    const seedFile = join(dir, `${name}-seed.json`);
    writeFileSync(seedFile, JSON.stringify(seed));
    args.push('--seed', seedFile);
  }
  if (databaseFile) args.push('--database', databaseFile);
  if (withoutUniqueness) args.push('--no-uniqueness');
  if (lagMs) args.push('--lag', String(lagMs));
  return args;
}
