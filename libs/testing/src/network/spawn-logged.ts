import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, globSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { killLeftover } from '../infra/stop-child.ts';

/** The root of the repository; the same from src/network and from dist/network. */
export const repositoryDir = fileURLToPath(new URL('../../../..', import.meta.url));

/** A compiled program of the repository, run by this Node with this environment and no other. */
export type Program = {
  /** Names its log and its pid file. */
  name: string;
  /** Path from the root of the repository. */
  script: string;
  /** They name `dir`, or a file in it: so an earlier run's process is told from a stranger with its process id. */
  args: string[];
  env: Record<string, string>;
  /** The network's folder: it gets logs/<name>.log and pids/<name>.pid. */
  dir: string;
};

/** Where a program's output goes. */
export function logFileOf({ dir, name }: Pick<Program, 'dir' | 'name'>): string {
  return join(dir, 'logs', `${name}.log`);
}

/**
 * Starts a program, after killing what an earlier run, itself killed, left behind of it. With `stdout: 'pipe'` the
 * caller reads its output; else that goes to the log, as errors always do.
 */
export async function spawnLogged(program: Program, stdout: 'log' | 'pipe' = 'log'): Promise<ChildProcess> {
  const { name, args, env, dir } = program;
  const script = join(repositoryDir, program.script);
  if (!existsSync(script)) throw new Error(`${script} is missing: build it with "tsc -b" at the root`);
  const pidFile = join(dir, 'pids', `${name}.pid`);
  await killLeftover(pidFile, dir);
  const log = openLog(program);
  const child = spawn(process.execPath, [script, ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', stdout === 'pipe' ? 'pipe' : log, log],
  });
  closeSync(log);
  await once(child, 'spawn');
  mkdirSync(dirname(pidFile), { recursive: true });
  writeFileSync(pidFile, String(child.pid));
  return child;
}

/** The log as something to write lines to. */
export function appendLog(log: Pick<Program, 'dir' | 'name'>): { write(line: string): void } {
  const fd = openLog(log);
  return { write: (line) => void writeSync(fd, line) };
}

function openLog(log: Pick<Program, 'dir' | 'name'>): number {
  const file = logFileOf(log);
  mkdirSync(dirname(file), { recursive: true });
  return openSync(file, 'a');
}

/** Says that a program ended, and its last words. */
export function explainEnd(what: string, program: Program): string {
  const file = logFileOf(program);
  const lastLines = readFileSync(file, 'utf8').trim().split('\n').slice(-5).join('\n');
  return `${what}: read ${file}, which ends with\n${lastLines}`;
}

/** What the services of the network in `dir` logged last that is no good news, with the time in front. */
export function readLastTroubles(dir: string): string {
  const lines = globSync(join(dir, 'logs', '*.log')).flatMap((file) => readFileSync(file, 'utf8').split('\n'));
  const troubles = lines.filter((line) => /^\{"level":"(warn|error|fatal)"/.test(line));
  const byTime = troubles.map((line) => `${/"time":"([^"]+)"/.exec(line)?.[1]} ${line.slice(0, 400)}`).toSorted();
  return byTime.slice(-20).join('\n');
}
