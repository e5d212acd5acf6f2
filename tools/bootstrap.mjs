/**
 * What every npm script of the root runs first, on Node 18 or newer and without a dependency: installs what is missing,
 * finds Node 24, builds what is stale, and then runs tools/<name>.ts with the rest of the command line.
 */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const binDir = join(root, 'node_modules', '.bin');
const installLog = join('.autoprov', 'install.log');

/** A sentence for the person who typed the command: no stack helps them. */
class RefusedError extends Error {}

async function main([name, ...args]) {
  process.chdir(root);
  const tool = join('tools', `${name}.ts`);
  if (!name || !existsSync(tool)) throw new RefusedError(`there is no ${tool}: run a script of package.json`);
  if (isInstallStale()) await installDependencies();
  process.env['PATH'] = `${binDir}${delimiter}${process.env['PATH'] ?? ''}`;
  const node = findNode();
  buildStale(node);
  return runTool(node, ['--conditions=@autoprov/source', '--disable-warning=ExperimentalWarning', tool, ...args]);
}

function isInstallStale() {
  const installed = statSync(join('node_modules', '.package-lock.json'), { throwIfNoEntry: false });
  return !installed || installed.mtimeMs < statSync('package-lock.json').mtimeMs;
}

async function installDependencies() {
  mkdirSync(dirname(installLog), { recursive: true });
  const log = openSync(installLog, 'w');
  const startMs = Date.now();
  const say = (text) => process.stdout.write(`\r  installing dependencies with npm ci (once) ${text}`);
  say('…');
  const seconds = () => `${Math.round((Date.now() - startMs) / 1000)} s`;
  const timer = process.stdout.isTTY && setInterval(() => say(`… ${seconds()}`), 1000);
  // The level for `npm start --silent`, which hands its own on.
  const npm = spawn('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=notice'], { stdio: ['ignore', log, log] });
  const code = await new Promise((resolve) => npm.once('error', () => resolve(-1)).once('exit', resolve));
  clearInterval(timer);
  closeSync(log);
  process.stdout.write(code === 0 && process.stdout.isTTY ? `… ${seconds()}\n` : '\n');
  if (code !== 0) throw new RefusedError(explainInstallFailure(readFileSync(installLog, 'utf8')));
}

function explainInstallFailure(log) {
  const [cause] =
    /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT)\b/.exec(log) ?? [];
  if (cause) {
    return (
      `npm ci could not reach the npm registry (${cause}): connect this machine, or name a mirror with ` +
      `"npm config set registry <url>", and run the same command again; npm's words are in ${installLog}`
    );
  }
  const lastError =
    log.split('\n').find((line) => /^npm (error|ERR!) (?!code|errno)/.test(line)) ?? 'npm was not found';
  return `npm ci failed (${lastError.trim()}): read ${installLog}, mend what it names and run the same command again`;
}

/** The Node that came with the install; where there is none for this platform, the one that runs, if it is new enough. */
function findNode() {
  const installed = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(installed)) return installed;
  const [major] = process.versions.node.split('.');
  if (Number(major) >= 24) return process.execPath;
  throw new RefusedError(
    `this is Node ${process.versions.node} on ${process.platform}-${process.arch}, for which the install brings no ` +
      `Node 24: install Node 24 or newer and run the same command again`,
  );
}

function buildStale(node) {
  const { status, error } = spawnSync(node, [join('node_modules', 'typescript', 'bin', 'tsc'), '-b'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error) throw error;
  if (status !== 0) throw new RefusedError('the build failed: mend what the compiler names above and run it again');
}

/**
 * Runs the tool in a process group of its own: Ctrl-C in a terminal reaches all processes of a group at once, and
 * PostgreSQL and Kafka must go after the services that use them. So signals come here, and from here to the tool alone,
 * which stops in order what it has started. It sees by the closed channel when this process is gone without a signal.
 */
async function runTool(node, args) {
  const tool = spawn(node, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], detached: true });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => tool.kill(signal));
  const code = await new Promise((resolve, reject) => {
    tool.once('error', reject).once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
  await endGroup(tool.pid);
  return code;
}

/** A tool that crashed, or was stopped while it started, leaves processes behind: they are ended here. */
async function endGroup(groupId) {
  for (const [signal, waitMs] of [
    ['SIGINT', 10_000],
    ['SIGKILL', 1000],
  ]) {
    const deadlineMs = Date.now() + waitMs;
    if (!signalGroup(groupId, signal)) return;
    while (Date.now() < deadlineMs && signalGroup(groupId, 0)) await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** False when nobody is left in the group. */
function signalGroup(groupId, signal) {
  try {
    return process.kill(-groupId, signal);
  } catch {
    return false;
  }
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (err) => {
    console.error(err instanceof RefusedError ? err.message : err);
    process.exit(1);
  },
);
