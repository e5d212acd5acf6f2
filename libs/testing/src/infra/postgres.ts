import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort, isPortFree } from './free-port.ts';
import { MissingPrerequisiteError } from './missing-prerequisite-error.ts';
import { othersCanReach, postgresBinaries } from './postgres-binaries.ts';
import { killLeftover, stopChild } from './stop-child.ts';

/** A running local PostgreSQL. `kill` is SIGKILL of the postmaster; the same `dir` can be started again afterwards. */
export type LocalPostgres = { url: string; pid: number; stop(): Promise<void>; kill(): void };

// PostgreSQL refuses to run as root; 65534 is nobody on every system we run on.
const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined;

/**
 * Starts PostgreSQL from the embedded binaries on loopback, with its data and log in `dir` (made when missing).
 * With `durable: false` it does not wait for the disk: faster, and safe against kill -9, but not against loss of power.
 */
export async function startPostgres(options: {
  dir: string;
  port?: number;
  durable?: boolean;
}): Promise<LocalPostgres> {
  const binDir = postgresBinaries({ forOthers: nobody !== undefined });
  const dir = openFolder(resolve(options.dir));
  const dataDir = join(dir, 'data');
  await killLeftover(join(dataDir, 'postmaster.pid'), dataDir);
  const port = options.port ?? (await freePort());
  if (!(await isPortFree(port))) {
    throw new MissingPrerequisiteError(
      `port ${port} on 127.0.0.1 is busy: stop what listens there or give PostgreSQL another`,
    );
  }
  if (!existsSync(join(dataDir, 'PG_VERSION'))) initDatabase(binDir, dataDir);

  const log = openSync(join(dir, 'postgres.log'), 'a');
  const child = spawn(join(binDir, 'postgres'), serverArguments(dataDir, port, options.durable ?? true), {
    ...nobody,
    cwd: '/',
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  await once(child, 'spawn');
  await untilReady(child, dataDir, join(dir, 'postgres.log'));
  return {
    url: `postgres://autoprov@127.0.0.1:${port}/postgres`,
    pid: child.pid!,
    stop: () => stopChild(child, 'SIGINT'),
    kill: () => void child.kill('SIGKILL'),
  };
}

/** Makes `dir`, or a stand-in for it in the temporary folder when the server's user could not reach it there. */
function openFolder(dir: string): string {
  mkdirSync(dir, { recursive: true });
  if (!nobody) return dir;
  if (!othersCanReach(dirname(dir))) {
    const name = createHash('sha256').update(dir).digest('hex').slice(0, 12);
    dir = join(tmpdir(), `autoprov-postgres-${name}`);
    mkdirSync(dir, { recursive: true });
  }
  chownSync(dir, nobody.uid, nobody.gid);
  return dir;
}

function initDatabase(binDir: string, dataDir: string): void {
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  execFileSync(join(binDir, 'initdb'), ['-D', dataDir, '-U', 'autoprov', '-A', 'trust', '--no-sync', ...locale], {
    ...nobody,
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

function serverArguments(dataDir: string, port: number, durable: boolean): string[] {
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=300'];
  if (!durable) settings.push('fsync=off', 'synchronous_commit=off', 'full_page_writes=off');
  return ['-D', dataDir, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
}

// The eighth line of postmaster.pid is the server's status; pg_ctl waits for it in the same way.
async function untilReady(child: ChildProcess, dataDir: string, logFile: string): Promise<void> {
  const deadlineMs = Date.now() + 60_000;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) {
      const lastLines = readFileSync(logFile, 'utf8').trim().split('\n').slice(-5).join('\n');
      throw new Error(`PostgreSQL ended at start: read ${logFile}, which ends with\n${lastLines}`);
    }
    const lines = readPidFile(join(dataDir, 'postmaster.pid'));
    if (lines[0] === String(child.pid) && lines[7]?.trim() === 'ready') return;
    if (Date.now() > deadlineMs) {
      await stopChild(child, 'SIGQUIT');
      throw new Error(`PostgreSQL was not ready within 60 s: read ${logFile}`);
    }
    await delay(20);
  }
}

function readPidFile(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return []; // not written yet
  }
}
