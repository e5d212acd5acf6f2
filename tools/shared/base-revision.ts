import { execFileSync, spawnSync } from 'node:child_process';

/**
 * The commit that a change is compared with: where the branch left main, or on main the commit before. What main has got
 * since is not taken away by a branch that does not have it yet.
 *
 * @returns undefined: there is none, as in the first commit or in a clone without history
 */
export function findBaseRevision(): string | undefined {
  const main = revision('origin/main') ?? revision('main');
  const base = main && (git('merge-base', 'HEAD', main) ?? main);
  return base === revision('HEAD') ? revision('HEAD~1') : base;
}

/** The text of a file in a commit; undefined: it is not there. */
export function readAtRevision(commit: string, path: string): string | undefined {
  return holds(commit, path) ? execFileSync('git', ['show', `${commit}:${path}`], { encoding: 'utf8' }) : undefined;
}

/** Whether a commit holds a file or folder. */
export function holds(commit: string, path: string): boolean {
  return execFileSync('git', ['ls-tree', commit, path], { encoding: 'utf8' }).trim() !== '';
}

function revision(name: string): string | undefined {
  return git('rev-parse', '--verify', '--quiet', `${name}^{commit}`);
}

function git(...args: string[]): string | undefined {
  const { status, stdout } = spawnSync('git', args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
