import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';

const libraryUrl = new URL('./index.ts', import.meta.url).href;

/** Runs a program that has the library in scope, as a process. */
async function run(program: string, { args = [], env = {} }: { args?: string[]; env?: NodeJS.ProcessEnv } = {}) {
  const script = `import { EnvError, field, parseEnv, runService } from '${libraryUrl}';\n${program}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script, '--', ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  const messages = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { msg: string }).msg);
  return { code: code as number, messages, stdout, stderr };
}

/** What keeps a service alive: with nothing else to do a process may end before its own signal reaches it. */
const alive = 'setInterval(() => {}, 1000);';

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s stops the service gracefully, also when it comes twice',
  async (signal) => {
    const { code, messages } = await run(`${alive} await runService('config', async ({ logger }) => {
      const kill = () => process.kill(process.pid, '${signal}');
      setTimeout(kill, 1);
      return { async stop() {
        kill();
        await new Promise((resolve) => setTimeout(resolve, 50));
        logger.info('pool closed');
      } };
    });`);
    expect({ code, messages }).toEqual({
      code: 0,
      messages: ['service started', 'service stopping', 'pool closed', 'service stopped'],
    });
  },
);

test('an environment that is not complete is told in plain words, without a stack', async () => {
  const { code, stdout, stderr } = await run(
    `await runService('config', async ({ env }) => parseEnv({ GRPC_ADDRESS: field.address, KAFKA_BROKERS: field.list }, env));`,
  );
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr.split('\n')).toEqual([
    'the environment is not complete; correct it and start again:',
    '  GRPC_ADDRESS is not set: must be host:port, for example 127.0.0.1:7001',
    '  KAFKA_BROKERS is not set: must be values between commas, for example a.example:9092,b.example:9092',
    '',
  ]);
});

test.each([
  ['start that fails', `await runService('config', async () => { throw new Error('port taken'); });`, 'port taken'],
  [
    'stop that fails',
    `${alive} await runService('config', async () => { setTimeout(() => process.kill(process.pid), 1); return { async stop() { throw new Error('pool stuck'); } }; });`,
    'pool stuck',
  ],
  [
    'exception that nobody caught',
    `${alive} await runService('config', async () => { setTimeout(() => { throw new Error('bug'); }); return {}; });`,
    'bug',
  ],
  [
    'rejection that nobody caught',
    `${alive} await runService('config', async () => { setTimeout(async () => { throw new Error('bug'); }); return {}; });`,
    'bug',
  ],
])('a %s ends the process with code 1 and one fatal line', async (_, program, message) => {
  const { code, stdout } = await run(program);
  const fatal = stdout.split('\n').filter((line) => line.includes('"level":"fatal"'));
  expect(code).toBe(1);
  expect(fatal.map((line) => JSON.parse(line) as object)).toMatchObject([{ msg: 'service failed', err: { message } }]);
});

test('a signal ends a service that has not started yet', async () => {
  const { code } = await run(
    `${alive} await runService('config', () => { process.kill(process.pid, 'SIGTERM'); return new Promise(() => {}); });`,
  );
  expect(code).toBe(0);
});

test('with --migrate only the migration runs', async () => {
  const { code, messages } = await run(
    `await runService('config', () => { throw new Error('started'); }, { async migrate({ logger }) { logger.info('one migration'); } });`,
    { args: ['--migrate'] },
  );
  expect({ code, messages }).toEqual({ code: 0, messages: ['one migration', 'migrated'] });
});

test('LOG_LEVEL sets from how grave on lines are logged', async () => {
  const program = `await runService('config', async ({ logger }) => { logger.info('hidden'); logger.error('shown'); process.exit(0); });`;
  expect((await run(program, { env: { LOG_LEVEL: 'error' } })).messages).toEqual(['shown']);
  expect((await run(program, { env: { LOG_LEVEL: 'loud' } })).stderr).toContain('LOG_LEVEL is wrong: must be fatal');
});
