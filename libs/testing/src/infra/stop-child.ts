import { execFileSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Sends the signal and waits until the process has ended; killed after graceMs. */
export async function stopChild(child: ChildProcess, signal: NodeJS.Signals, graceMs = 20_000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await ended;
  clearTimeout(timer);
}

/**
 * Kills the server that an earlier run, itself killed, left behind on the same data folder.
 * A recorded pid that meanwhile belongs to another program is left alone: its command line does not name the folder.
 */
export async function killLeftover(pidFile: string, dir: string): Promise<void> {
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
  if (commandLineOf(pid).includes(dir)) {
    process.kill(pid, 'SIGKILL');
    while (commandLineOf(pid).includes(dir)) await delay(20);
  }
  rmSync(pidFile, { force: true });
}

function commandLineOf(pid: number): string {
  if (!(pid > 0)) return '';
  try {
    return execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return ''; // ps ends with 1 when there is no such process
  }
}
