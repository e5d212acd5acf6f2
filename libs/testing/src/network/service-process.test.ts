import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { freePort } from '../infra/free-port.ts';
import { ServiceProcess } from './service-process.ts';
import { waitUntil } from './settle.ts';
import { repositoryDir, spawnLogged } from './spawn-logged.ts';
import type { Program } from './spawn-logged.ts';

/** A program that is ready at once and ends when it is asked for /end. */
const readyProgram = `
  import { createServer } from 'node:http';
  createServer((request, response) => {
    response.end();
    if (request.url === '/end') process.exit(3);
  }).listen(process.env.PORT, '127.0.0.1');`;

let dir: string;
let service: ServiceProcess;
let troubles: string[];
let url: string;
let program: Program;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'service-process-'));
  troubles = [];
});

afterEach(async () => {
  await service.stop();
  await rm(dir, { recursive: true });
});

async function makeService(source: string): Promise<ServiceProcess> {
  const file = join(dir, 'program.mjs');
  await writeFile(file, source);
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  program = { name: 'program', script: relative(repositoryDir, file), args: [dir], env: { PORT: `${port}` }, dir };
  service = new ServiceProcess(program, `${url}/readyz`, (sentence) => troubles.push(sentence));
  return service;
}

const until = (isSo: () => boolean) => waitUntil('the test', () => Promise.resolve(isSo()), Date.now() + 10_000);

test('a service that ends by itself is started again, and that is said', async () => {
  await (await makeService(readyProgram)).start();
  const firstPid = service.pid;
  await fetch(`${url}/end`).catch(() => {});
  await until(() => service.pid !== undefined && service.pid !== firstPid);
  expect(troubles).toEqual([expect.stringMatching(/^program ended by itself \(3\) and is started again: read /)]);
});

test('a service that is killed on purpose stays ended until it is started', async () => {
  await (await makeService(readyProgram)).start();
  await service.kill('SIGKILL');
  expect(service.pid).toBeUndefined();
  expect(troubles).toEqual([]);
  await service.start();
  expect(service.pid).toBeDefined();
});

test('a service that cannot start says its last words', async () => {
  await makeService(`console.error('DATABASE_URL is not set'); process.exit(1);`);
  await expect(service.start()).rejects.toThrow(/program ended at start: read .*\nDATABASE_URL is not set/);
});

test('what a crashed run left behind is ended by the next start', async () => {
  await makeService(readyProgram);
  const left = await spawnLogged(program);
  const ended = once(left, 'exit');
  await service.start();
  expect(await ended).toEqual([null, 'SIGKILL']);
});
