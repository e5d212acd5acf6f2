// Compares the contracts with those of where the branch left main (or, on main, of the commit before): changes must be additive.
import { spawnSync } from 'node:child_process';
import { findBaseRevision, holds } from './shared/base-revision.ts';

const base = findBaseRevision();
if (!base || !holds(base, 'proto/autoprov')) {
  console.log('nothing to compare with: the first commit with contracts, or a clone without history');
} else {
  const against = `.git#commit=${base},subdir=proto`;
  const { status } = spawnSync('buf', ['breaking', 'proto', '--against', against], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
