import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { inTransaction } from '@autoprov/postgres';
import { Credential_State } from '@autoprov/proto';
import { freePort, waitUntil, type OAuthProvider } from '@autoprov/testing';
import { failureOf, soon, type BrokerForTests } from './broker.fixture.ts';
import { age, authorize, isLockAwaited, startOAuthForTests } from './oauth.fixture.ts';

jest.setTimeout(120_000);

const app = 'customers/acme/apps/crm';
const name = `${app}/credential`;
const patient = { timeoutMs: 40_000 };

let stop: () => Promise<void>;
/** The replica that is left. */
let broker: BrokerForTests;
let provider: OAuthProvider;
/** The replica that is killed, a process of its own. */
let doomed: { process: ChildProcess; clients: BrokerForTests['clients'] };
beforeAll(async () => {
  ({ broker, provider, stop } = await startOAuthForTests());
  broker.installed.add(app);
});
afterAll(() => stop());
beforeEach(async () => {
  provider.run({ do: 'clearFaults' });
  await authorize(broker, provider, app);
  await age(broker, app);
  await broker.takeChecks();
  doomed = await startProcess();
});
afterEach(() => kill());

const until = (what: string, isSo: () => Promise<boolean>) => waitUntil(what, isSo, Date.now() + 30_000);

async function startProcess() {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const addresses = { GRPC_ADDRESS: `127.0.0.1:${port}`, METRICS_ADDRESS: `127.0.0.1:${metricsPort}` };
  const child = spawn(process.execPath, ['--conditions=@autoprov/source', main], {
    env: { PATH: process.env['PATH'] ?? '', ...broker.settings, ...addresses },
    stdio: 'ignore',
  });
  await until('the process to be ready', async () => {
    if (child.exitCode !== null) throw new Error(`the broker ended by itself with ${child.exitCode}`);
    const answer = await fetch(`http://127.0.0.1:${metricsPort}/readyz`).catch(() => undefined);
    return answer?.status === 200;
  });
  return { process: child, clients: broker.clientsOf(port) };
}

async function kill(): Promise<void> {
  const { process: child, clients } = doomed;
  for (const client of Object.values(clients)) client.close();
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** Asks the process that is going to be killed; what becomes of the call is nobody's concern. */
const askDoomed = () => void doomed.clients.pusher.getAppAuthorization({ app, forceNew: false }, soon).catch(() => {});
const ask = () => broker.clients.pusher.getAppAuthorization({ app, forceNew: true }, patient);

/**
 * What must be true after any kill: there is a token that works, or 17009 is open and the credential says so, and then
 * authorizing again helps.
 */
async function expectAliveOrAsking(): Promise<'works' | 'asks'> {
  const outcome = await ask().then(
    ({ headerValue }) => headerValue.slice('Bearer '.length),
    () => undefined,
  );
  const { state } = (await broker.clients.cli.getCredential({ name }, soon)).credential!;
  if (outcome !== undefined) {
    expect(provider.isAlive(outcome)).toBe(true);
    expect(state).toBe(Credential_State.STATE_READY);
    return 'works';
  }
  const { metadata, message } = await failureOf(ask());
  expect(metadata).toMatchObject({ code: '17009', finer_reason: 'TOKEN_REFRESH_REJECTED' });
  expect(message).toContain('Reauthorize');
  expect(state).toBe(Credential_State.STATE_REAUTHORIZE);
  expect(await broker.takeChecks()).toMatchObject([{ subject: app, code: '17009', passed: false }]);
  await authorize(broker, provider, app);
  await ask();
  expect(await broker.takeChecks()).toMatchObject([{ subject: app, code: '17009', passed: true }]);
  return 'asks';
}

test('killed while the answer with a new refresh token was on its way: the app asks to be authorized again', async () => {
  provider.run({ do: 'fault', method: 'POST', path: '/token', effect: 'holdAfter', holdMs: 60_000 });
  const refreshes = provider.granted('refresh_token');
  askDoomed();
  await until('the refresh', async () => provider.granted('refresh_token') > refreshes);
  await kill();
  expect(await expectAliveOrAsking()).toBe('asks');
});

test('killed between the answer and its storing: the app asks to be authorized again', async () => {
  await inTransaction(broker.pool, async (tx) => {
    await tx.query(`select from credentials for update`);
    askDoomed();
    await until('the storing to wait', () => isLockAwaited(broker));
    await kill();
  });
  expect(await expectAliveOrAsking()).toBe('asks');
});

test('killed before the request was answered by anybody: the app works', async () => {
  provider.run({ do: 'fault', method: 'POST', path: '/token', effect: 'failBefore' });
  const before = provider.log().length;
  askDoomed();
  await until('the request', async () => provider.log().length > before);
  await kill();
  expect(await expectAliveOrAsking()).toBe('works');
});

test.each([0, 4, 8, 16, 32])('killed %i ms after it was asked: the app works, or asks', async (afterMs) => {
  askDoomed();
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  await kill();
  expect(await expectAliveOrAsking()).toMatch(/works|asks/);
});
