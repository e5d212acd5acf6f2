import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MissingPrerequisiteError } from '../infra/missing-prerequisite-error.ts';

/**
 * Makes a network's folder this process's own, until the function that it returns is called or the process is gone. A
 * second network in it would kill the first one's servers as leftovers.
 */
export function claimFolder(dir: string): () => void {
  mkdirSync(dir, { recursive: true });
  const file = join(dir, 'network.pid');
  const [pid, commandLine] = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  if (pid && commandLineOf(Number(pid)) === commandLine) {
    throw new MissingPrerequisiteError(
      `a network is running in ${dir} already (process ${pid}): use it, or stop it first, with Ctrl-C or "kill ${pid}"`,
    );
  }
  writeFileSync(file, `${process.pid}\n${commandLineOf(process.pid)}`);
  return () => rmSync(file, { force: true });
}

/** Undefined when there is no such process. */
function commandLineOf(pid: number): string | undefined {
  try {
    return execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}
