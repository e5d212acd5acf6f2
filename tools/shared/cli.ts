import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Network } from '@autoprov/testing';

const main = fileURLToPath(new URL('../../apps/cli/dist/main.js', import.meta.url));

/**
 * Runs `autoprov` as a person would and answers what it prints.
 *
 * @throws with its words when it fails
 */
export async function runCli({ cliEnvironment, dir }: Network, ...args: string[]): Promise<string> {
  const env = { PATH: process.env['PATH'], ...cliEnvironment };
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [main, ...args], { env, cwd: dir });
    return stdout;
  } catch (err) {
    const { stdout, stderr } = err as { stdout?: string; stderr?: string };
    throw new Error(`autoprov ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: err });
  }
}
