// Compares the contracts with those of the branch main (or, on main, of the commit before): changes must be additive.
import { execFileSync, spawnSync } from 'node:child_process';

function revision(name: string): string | undefined {
  const { status, stdout } = spawnSync('git', ['rev-parse', '--verify', '--quiet', `${name}^{commit}`], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : undefined;
}

const head = revision('HEAD');
const main = revision('origin/main') ?? revision('main');
const base = main === head ? revision('HEAD~1') : main;
const hasProtos = base && execFileSync('git', ['ls-tree', base, 'proto/autoprov'], { encoding: 'utf8' }).trim() !== '';
if (!hasProtos) {
  console.log('nothing to compare with: the first commit with contracts, or a clone without history');
} else {
  const against = `.git#commit=${base},subdir=proto`;
  const { status } = spawnSync('buf', ['breaking', 'proto', '--against', against], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
