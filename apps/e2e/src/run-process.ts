import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Network } from '@autoprov/testing';

/** How a process ended. */
export type Ended = { exitCode: number; stdout: string; stderr: string };

/** The root of the repository. */
export const repositoryDir = fileURLToPath(new URL('../../..', import.meta.url));

/** Runs `npx autoprov` against a network, as a person does at the root of the repository. */
export function runAutoprov({ cliEnvironment }: Network, ...args: string[]): Promise<Ended> {
  return run('npx', ['--no', 'autoprov', ...args], cliEnvironment);
}

/** The same, with something on the standard input. */
export function runAutoprovWith({ cliEnvironment }: Network, input: string, ...args: string[]): Promise<Ended> {
  return run('npx', ['--no', 'autoprov', ...args], cliEnvironment, input);
}

/** What a consumer that shares no code with us reads in a topic, from its beginning. */
export async function readTopic({ kafka }: Network, topic: string): Promise<PlainMessage[]> {
  const args = ['apps/e2e/plain-consumer.mjs', kafka.brokers.join(','), `${kafka.topicPrefix}${topic}`];
  return (await readJsonLines(args, {})) as PlainMessage[];
}

/** What docs/examples/consume-failures.mjs says is open. */
export async function consumeAsDocumented({ kafka }: Network): Promise<Record<string, unknown>[]> {
  const env = { KAFKA_BROKERS: kafka.brokers.join(','), KAFKA_TOPIC: `${kafka.topicPrefix}autoprov.failures.v1` };
  const args = ['docs/examples/consume-failures.mjs', '--until-end'];
  return (await readJsonLines(args, env)) as Record<string, unknown>[];
}

async function readJsonLines(args: string[], env: Record<string, string>): Promise<unknown[]> {
  const { exitCode, stdout, stderr } = await run(process.execPath, args, env);
  if (exitCode !== 0) throw new Error(`${args[0]} ended with ${exitCode}: ${stderr}`);
  const lines = stdout.split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as unknown);
}

/** A message as Kafka has it; a tombstone's value is null. */
export type PlainMessage = { key: string; headers: Record<string, string>; value: string | null };

function run(command: string, args: string[], env: Record<string, string> = {}, input?: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      args,
      { cwd: repositoryDir, env: { ...process.env, ...env }, maxBuffer: 256 * 2 ** 20 },
      (err, stdout, stderr) => {
        if (err && typeof err.code !== 'number') reject(err);
        else resolve({ exitCode: Number(err?.code ?? 0), stdout, stderr });
      },
    );
    if (input !== undefined) child.stdin?.end(input);
  });
}
