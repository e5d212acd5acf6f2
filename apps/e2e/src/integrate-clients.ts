import { createHash } from 'node:crypto';
import { execFile, spawn } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryDir, type Ended } from './run-process.ts';

const run = promisify(execFile);
const examples = 'docs/examples/integrate';
/** What is made once and kept: an environment of Python with its packages, and the stubs. */
const pythonDir = join('.autoprov', 'integrate-python');
const requirements = join(examples, 'python', 'requirements.txt');

/** A program of docs/examples/integrate, ready to be run. */
export type IntegrateClient = { command: string; args: string[]; env: Record<string, string> };

/** The TypeScript one, with stubs made as its buf.gen.yaml says, and its types checked. */
export async function prepareTypescript(): Promise<IntegrateClient> {
  const folder = join(examples, 'typescript');
  await inRepository('npx', ['--no', '--', 'buf', 'generate', '--template', join(folder, 'buf.gen.yaml')]);
  await inRepository('npx', ['--no', '--', 'tsc', '-p', folder]);
  return { command: process.execPath, args: [join(folder, 'client.ts')], env: {} };
}

/** The Python one, with packages of the versions in requirements.txt. Throws what to install where the machine lacks it. */
export async function preparePython(): Promise<IntegrateClient> {
  const dir = join(repositoryDir, pythonDir);
  const python = join(dir, 'venv', 'bin', 'python');
  const wanted = createHash('sha256')
    .update(readFileSync(join(repositoryDir, requirements)))
    .digest('hex');
  const doneFile = join(dir, 'requirements.sha256');
  if (!existsSync(doneFile) || readFileSync(doneFile, 'utf8') !== wanted) {
    rmSync(dir, { recursive: true, force: true });
    await makeEnvironment(dir, python);
    writeFileSync(doneFile, wanted);
  }
  const gen = join(dir, 'gen');
  rmSync(gen, { recursive: true, force: true });
  mkdirSync(gen);
  const protos = globSync('proto/**/*.proto', { cwd: repositoryDir });
  await inRepository(python, [
    '-m',
    'grpc_tools.protoc',
    '-Iproto',
    `--python_out=${gen}`,
    `--grpc_python_out=${gen}`,
    ...protos,
  ]);
  return { command: python, args: [join(examples, 'python', 'client.py')], env: { PYTHONPATH: gen } };
}

async function makeEnvironment(dir: string, python: string): Promise<void> {
  mkdirSync(dir, { recursive: true });
  try {
    await inRepository('python3', ['-m', 'venv', join(dir, 'venv')]);
  } catch (cause) {
    const message =
      'Python 3.10 or newer with venv and pip is missing: install it, for example with "apt-get install python3-venv"';
    throw new Error(message, { cause });
  }
  try {
    await inRepository(python, ['-m', 'pip', 'install', '--quiet', '-r', requirements]);
  } catch (cause) {
    const message = `pip could not install ${requirements}: connect this machine to PyPI, or name a mirror with PIP_INDEX_URL`;
    throw new Error(message, { cause });
  }
}

function inRepository(command: string, args: string[]): Promise<unknown> {
  return run(command, args, { cwd: repositoryDir });
}

/**
 * Runs a client to its end.
 *
 * @param onSaid is told each line of stderr while it runs
 */
export function runClient(
  client: IntegrateClient,
  args: string[],
  env: Record<string, string>,
  onSaid: (line: string) => void = () => {},
): Promise<Ended> {
  const child = spawn(client.command, [...client.args, ...args], {
    cwd: repositoryDir,
    env: { ...process.env, ...client.env, ...env },
  });
  const ended = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (ended.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    ended.stderr += text;
    for (const line of text.split('\n').filter(Boolean)) onSaid(line);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ exitCode: code ?? 1, ...ended }));
  });
}
