// Generates the code of the contracts anew and fails when it differs from what is committed.
import { execFileSync, spawnSync } from 'node:child_process';

execFileSync('npm', ['run', '--silent', 'generate'], { stdio: ['ignore', 'ignore', 'inherit'] });
const paths = ['libs/proto/src/gen', 'libs/proto/descriptors.binpb'];
const changed = execFileSync('git', ['status', '--porcelain', '--', ...paths], { encoding: 'utf8' });
if (changed !== '') {
  console.error(`the generated code is not what the contracts give:\n${changed}`);
  spawnSync('git', ['diff', '--stat', '--', ...paths], { stdio: 'inherit' });
  process.exitCode = 1;
}
