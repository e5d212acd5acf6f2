// npm test: one PostgreSQL and one Kafka for all packages, every package's tests, one closing line. Arguments go to nx,
// for example `npm test -- --projects=@autoprov/scim`.
import { spawnSync } from 'node:child_process';
import { chmodSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MissingPrerequisiteError, startInfra } from '@autoprov/testing';

const args = process.argv.slice(2);

async function main(): Promise<number> {
  for (const counts of globSync('{apps,libs}/*/.test')) rmSync(counts, { recursive: true });
  // Whatever tests leave behind, also those that were killed, is in here.
  const temporary = mkdtempSync(join(tmpdir(), 'autoprov-test-'));
  // Where tests run as root, PostgreSQL runs as nobody, and must get through.
  chmodSync(temporary, 0o711);
  const infra = await startInfra({ dir: '.autoprov/test', onProgress: (line) => console.log(line) });
  try {
    const env = {
      ...process.env,
      DATABASE_URL: infra.databaseUrl,
      KAFKA_BROKERS: infra.kafkaBrokers,
      TMPDIR: temporary,
    };
    const tests = spawnSync(
      'nx',
      // The servers' state is no input that nx could know: a cached test proves nothing. One package after the other: most
      // start processes of their own, and two at a time on two cores starve each other of what they time.
      ['run-many', '-t', 'test', '--skip-nx-cache', '--output-style=static', '--parallel=1', '--nxBail=false', ...args],
      { stdio: 'inherit', env },
    );
    const summary = spawnSync('node', ['tools/ci-summary.mjs'], { stdio: 'inherit' });
    return tests.status === 0 && summary.status === 0 ? 0 : 1;
  } finally {
    await infra.stop();
    rmSync(temporary, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main();
} catch (err) {
  if (!(err instanceof MissingPrerequisiteError)) throw err;
  console.error(err.message);
  process.exitCode = 1;
}
