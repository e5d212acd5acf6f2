// The checks that need no server: what CI runs before the tests. Each failure ends with the command that mends it.
import { spawnSync } from 'node:child_process';

type Check = { name: string; command: string[]; mend: string };

const checks: Check[] = [
  {
    name: 'lock file',
    command: ['node', 'tools/lock-check.mjs'],
    mend: 'pin the version that has all platform packages',
  },
  { name: 'format', command: ['prettier', '--check', '.', '--log-level', 'warn'], mend: 'npm run format' },
  { name: 'types', command: ['tsc', '-b'], mend: 'correct the types' },
  { name: 'types of the tools', command: ['tsc', '-p', 'tools'], mend: 'correct the types' },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'], mend: 'npm run lint' },
  {
    name: 'boundaries',
    command: ['node', 'tools/check-boundaries.ts'],
    mend: 'see docs/architecture.md, "Who may import what"',
  },
  { name: 'proto lint', command: ['buf', 'lint'], mend: 'correct the .proto' },
  { name: 'proto format', command: ['buf', 'format', '--diff', '--exit-code', 'proto'], mend: 'buf format -w proto' },
  {
    name: 'proto breaking',
    command: ['node', 'tools/check-breaking.ts'],
    mend: 'add instead of changing, or make a v2',
  },
  {
    name: 'docker',
    command: ['node', '--conditions=@autoprov/source', 'tools/check-docker.ts'],
    mend: 'correct docker/ as it says',
  },
  {
    name: 'schemas of public topics',
    command: ['node', '--conditions=@autoprov/source', 'tools/check-schemas.ts'],
    mend: 'node --conditions=@autoprov/source tools/write-schemas.ts; only add to a public message',
  },
  { name: 'generated code', command: ['node', 'tools/check-generated.ts'], mend: 'npm run generate, then commit' },
];

let failed = 0;
for (const { name, command, mend } of checks) {
  const startedAtMs = performance.now();
  const { status } = spawnSync(command[0]!, command.slice(1), { stdio: 'inherit' });
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
  console.log(status === 0 ? `ok      ${name} (${seconds} s)` : `FAILED  ${name}: ${mend}`);
  if (status !== 0) failed++;
}
process.exitCode = failed === 0 ? 0 : 1;
