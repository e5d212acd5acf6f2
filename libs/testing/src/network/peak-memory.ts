import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The most memory a process has had resident, in MB; where the system does not tell (not Linux), what it has now. */
export function peakMemoryMbOf(pid: number): number {
  return Math.round(residentKb(pid) / 1024);
}

function residentKb(pid: number): number {
  try {
    if (process.platform === 'linux') {
      return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
    }
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }));
  } catch {
    return 0; // ended meanwhile
  }
}
