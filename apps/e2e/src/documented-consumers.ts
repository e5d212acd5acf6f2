import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fetchKafkaJars, findJava } from '@autoprov/testing';
import type { Network } from '@autoprov/testing';
import { repositoryDir } from './run-process.ts';

const run = promisify(execFile);
const examples = 'docs/examples/consume-failures';

/** Answers what an example says is open in a network. */
export type Consumer = (network: Network) => Promise<unknown[]>;

/** The one in Java, with the jars that a local broker has beside others. Throws what to install where Java is missing. */
export async function prepareJavaConsumer(): Promise<Consumer> {
  const java = await findJava();
  const jars = join(await fetchKafkaJars(), '*');
  return (network) => consume(network, java, ['-cp', jars, join(examples, 'java', 'ConsumeFailures.java')]);
}

/** The one in Python, with packages of the versions in requirements.txt. */
export async function preparePythonConsumer(): Promise<Consumer> {
  const dir = join(repositoryDir, '.autoprov', 'consume-python');
  const python = join(dir, 'venv', 'bin', 'python');
  const requirements = join(examples, 'python', 'requirements.txt');
  const wanted = readFileSync(join(repositoryDir, requirements), 'utf8');
  const doneFile = join(dir, 'requirements.txt');
  if (!existsSync(doneFile) || readFileSync(doneFile, 'utf8') !== wanted) {
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir, { recursive: true });
    await inRepository('python3', ['-m', 'venv', join(dir, 'venv')]);
    await inRepository(python, ['-m', 'pip', 'install', '--quiet', '-r', requirements]);
    writeFileSync(doneFile, wanted);
  }
  return (network) => consume(network, python, [join(examples, 'python', 'consume_failures.py')]);
}

async function consume({ kafka }: Network, command: string, args: string[]): Promise<unknown[]> {
  const env = { KAFKA_BROKERS: kafka.brokers.join(','), KAFKA_TOPIC: `${kafka.topicPrefix}autoprov.failures.v1` };
  const { stdout } = await inRepository(command, [...args, '--until-end'], env);
  const lines = stdout.split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as unknown);
}

/** Throws with the command when it is missing or fails: install Java 17, or Python 3.10 with venv, and reach PyPI. */
function inRepository(command: string, args: string[], env: Record<string, string> = {}) {
  return run(command, args, { cwd: repositoryDir, env: { ...process.env, ...env }, maxBuffer: 64 * 2 ** 20 });
}
