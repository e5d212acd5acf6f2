// Checks docker/ as far as can be without Docker: what the files name exists, every app has its services with an
// environment that it accepts, and what an image would hold starts.
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';

type Environment = Record<string, string>;
type ComposeService = {
  image?: string;
  build?: { args?: { APP?: string } };
  environment?: Environment;
  command?: string[];
};
type Compose = { services: Record<string, ComposeService> };

const dockerfile = readFileSync('docker/Dockerfile', 'utf8');
const compose = readCompose();
const apps = readdirSync('apps').filter((app) => app !== 'e2e');
const scratch = mkdtempSync(join(tmpdir(), 'autoprov-docker-'));

function readCompose(): Compose {
  const text = readFileSync('docker/compose.yaml', 'utf8');
  // As docker compose does with variables that nobody set.
  const interpolate = (_: unknown, value: unknown) =>
    typeof value === 'string' ? value.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1') : value;
  return parse(text, interpolate, { merge: true }) as Compose;
}

function findMissingSources(): string[] {
  return [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)]
    .flatMap(([, sources]) => sources!.split(' '))
    .filter((source) => !existsSync(source))
    .map((source) => `docker/Dockerfile copies ${source}, which does not exist`);
}

function findWrongKafka(): string[] {
  const [, version] = /<kafka\.version>(.+)</.exec(readFileSync('libs/testing/src/infra/kafka/pom.xml', 'utf8')) ?? [];
  const { image } = compose.services['kafka'] ?? {};
  return image === `apache/kafka:${version}` ? [] : [`compose runs ${image}, the tests run Kafka ${version}`];
}

async function findWrongServices(app: string): Promise<string[]> {
  const { build, environment = {} } = compose.services[app] ?? {};
  if (build?.args?.APP !== app) return [`compose has no service ${app} that is built with APP: ${app}`];
  const unknown = Object.keys(environment).filter((name) => !isRead(app, name));
  const wrong = unknown.map((name) => `compose gives ${app} ${name}, which it does not read`);
  if (!existsSync(`apps/${app}/src/env.ts`)) return wrong;

  const { readEnv } = (await import(`../apps/${app}/src/env.ts`)) as { readEnv(this: void, env: Environment): unknown };
  try {
    readEnv(withFiles({ ...imageEnvironment(), ...environment }));
  } catch (err) {
    wrong.push(`${app} refuses what compose gives it: ${(err as Error).message}`);
  }
  const { command, build: migrateBuild } = compose.services[`${app}-migrate`] ?? {};
  if (migrateBuild?.args?.APP !== app || command?.[0] !== '--migrate') {
    wrong.push(`compose has no service ${app}-migrate that runs ${app} with --migrate`);
  }
  return wrong;
}

function isRead(app: string, variable: string): boolean {
  // Node itself reads it.
  if (variable === 'NODE_OPTIONS') return true;
  const sources = globSync([`apps/${app}/src/**/*.ts`, 'libs/{service,grpc}/src/*.ts']);
  return sources.some((file) => new RegExp(String.raw`\b${variable}\b`).test(readFileSync(file, 'utf8')));
}

function imageEnvironment(): Environment {
  const variables = /^ENV (.+)$/m.exec(dockerfile)?.[1]?.split(' ') ?? [];
  return Object.fromEntries(variables.map((variable) => variable.split('=') as [string, string]));
}

/** The environment with files of this machine in place of those of the container; they hold a key, where one is read. */
function withFiles(environment: Environment): Environment {
  const file = join(scratch, 'file');
  writeFileSync(file, Buffer.alloc(32).toString('base64'));
  const toHere = ([name, value]: [string, string]) => [name, value.startsWith('/') ? file : value];
  return Object.fromEntries(Object.entries(environment).map(toHere));
}

/** Puts together what the image of an app holds, and starts it there: with nothing set, all it may miss is variables. */
function findMissingContent(app: string): string[] {
  const image = join(scratch, app);
  const collected = spawnSync('sh', ['docker/collect-app.sh', app, image], { encoding: 'utf8' });
  if (collected.status !== 0) return [`docker/collect-app.sh ${app} failed: ${collected.stderr}`];
  console.log(`${app}: ${Math.round(sizeOf(image) / 1e6)} MB`);

  const isService = existsSync(`apps/${app}/src/env.ts`);
  const env = { PATH: process.env['PATH'] };
  const args = [join(image, 'main.js'), ...(isService ? [] : ['--help'])];
  const started = spawnSync(process.execPath, args, { cwd: image, env, encoding: 'utf8' });
  const worked = isService ? started.stderr.startsWith('the environment is not complete') : started.status === 0;
  return worked ? [] : [`what the image of ${app} holds does not start: ${started.stderr}${started.stdout}`];
}

function sizeOf(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + readFileSync(join(parentPath, name)).length, 0);
}

try {
  const mistakes = [...findMissingSources(), ...findWrongKafka()];
  for (const app of apps) {
    mistakes.push(...(await findWrongServices(app)), ...findMissingContent(app));
  }
  for (const mistake of mistakes) console.error(mistake);
  if (mistakes.length > 0) process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true });
}
