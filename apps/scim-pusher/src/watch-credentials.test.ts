import { expect, test } from '@jest/globals';
import { RpcError, status } from '@autoprov/grpc';
import { runLoop } from '@autoprov/service';
import { listAccounts, startBetterAuth, waitUntil, type ServiceProvider } from '@autoprov/testing';
import { startTestApp, type TestApp } from './push/test-app.fixture.ts';
import { findApp } from './store/apps.ts';
import { credentialWatchMs, watchCredentials } from './watch-credentials.ts';
import { createWorker } from './work.ts';
import { stopAfterEach } from './push/stop-after-each.fixture.ts';

const key = { customerId: 'acme', appId: 'crm' };
const started = stopAfterEach();

/** One person waits for an app whose first pass has just failed. */
async function startHeld(fail: (sp: ServiceProvider, app: TestApp) => void): Promise<[ServiceProvider, TestApp]> {
  const sp = await startBetterAuth();
  started.push(sp);
  const app = await startTestApp(sp);
  started.push(app);
  await app.configure();
  await app.read([{ id: '1000' }]);
  fail(sp, app);
  await app.push();
  expect(await listAccounts({ ...sp, token: goodToken(sp) })).toEqual([]);
  return [sp, app];
}

const goodTokens = new WeakMap<ServiceProvider, string>();
const goodToken = (sp: ServiceProvider) => goodTokens.get(sp) ?? sp.token;

function revoke(sp: ServiceProvider): void {
  goodTokens.set(sp, sp.token);
  sp.token = 'revoked';
}

function refuse(
  code: string,
  finerReason: string,
  kind: typeof status.UNAVAILABLE | typeof status.FAILED_PRECONDITION,
) {
  const metadata = { code, finer_reason: finerReason };
  return new RpcError(kind, 'CREDENTIAL_MISSING', 'no header', { metadata });
}

/** The loops of the service, at its own pace. */
function startLoops({ ctx }: TestApp): void {
  const worker = createWorker(ctx);
  const working = runLoop({ name: 'work', everyMs: 1_000, run: () => worker.pass(), logger: ctx.logger });
  const run = () => watchCredentials(ctx);
  const watching = runLoop({ name: 'watch', everyMs: credentialWatchMs, run, logger: ctx.logger });
  started.push({
    async stop() {
      await Promise.all([working.stop(), watching.stop()]);
      await worker.stop();
    },
  });
}

test.each<[string, (sp: ServiceProvider, app: TestApp) => void]>([
  ['the service provider refused the old one', revoke],
  ['there was none', (_, app) => app.failAuthorization(refuse('17010', 'NO_CREDENTIAL', status.FAILED_PRECONDITION))],
  [
    'it could not be refreshed',
    (_, app) => app.failAuthorization(refuse('17009', 'TOKEN_REFRESH_REJECTED', status.FAILED_PRECONDITION)),
  ],
  [
    'the token endpoint failed',
    (_, app) => app.failAuthorization(refuse('17013', 'TOKEN_ENDPOINT_FAILED', status.UNAVAILABLE)),
  ],
  ['it could not be read', (_, app) => app.failAuthorization(refuse('25016', '', status.FAILED_PRECONDITION))],
])(
  'a person held because %s is pushed within 15 s of a new credential',
  async (_, fail) => {
    const [sp, app] = await startHeld(fail);
    startLoops(app);
    // Held by now for longer than a first probe, so that no probe of its own comes in time.
    await app.pool.query(`update apps set back_off_until = now() + interval '15 minutes'`);
    sp.token = goodToken(sp);
    app.failAuthorization(undefined);
    const sinceMs = Date.now();
    await waitUntil(
      'the held person has an account',
      async () => (await listAccounts(sp)).length === 1,
      Date.now() + 15_000,
    );
    expect(Date.now() - sinceMs).toBeLessThan(15_000);
    await waitUntil(
      'the app runs again',
      async () => (await findApp(app.pool, key))?.health === 'running',
      Date.now() + 5_000,
    );
  },
  40_000,
);

test('while the same header is refused, the service provider is left alone', async () => {
  const [, app] = await startHeld(revoke);
  for (let i = 0; i < 3; i++) await watchCredentials(app.ctx);
  expect(await worksOn(app)).toBe(false);
  app.failAuthorization(refuse('17002', '', status.UNAVAILABLE));
  await watchCredentials(app.ctx);
  app.failAuthorization(undefined);
  await watchCredentials(app.ctx);
  expect(await worksOn(app)).toBe(false);
});

test('a replica that did not see the refusal tries once', async () => {
  const [, app] = await startHeld(revoke);
  const other = { ...app.ctx, refusedHeaders: new Map<string, string>() };
  await watchCredentials(other);
  expect(await worksOn(app)).toBe(true);
  await app.push();
  await watchCredentials(other);
  expect(await worksOn(app)).toBe(false);
});

test("a lost record of a setup is no credential's matter: the app rests, until its setup is saved again", async () => {
  const missing = new RpcError(status.NOT_FOUND, 'RESOURCE_NOT_FOUND', 'there is no setup');
  const [sp, app] = await startHeld((_, { ctx }) => {
    const listSetupChanges = async () => ({ changes: [], nextSinceRevision: 0n, more: false });
    ctx.config = { getSetup: () => Promise.reject(missing), listSetupChanges } as never;
  });
  expect(await findApp(app.pool, key)).toMatchObject({ healthCode: '25001' });
  for (let i = 0; i < 3; i++) await watchCredentials(app.ctx);
  expect(await worksOn(app)).toBe(false);
  app.ctx.config = { getSetup: async () => ({}) } as never;
  await app.configure();
  expect(await worksOn(app)).toBe(true);
  await app.push();
  expect(await listAccounts(sp)).toHaveLength(1);
});

test('a setup that is saved while a pass fails is tried at once', async () => {
  const [, app] = await startHeld((_, waiting) => {
    waiting.ctx.tokenBroker = {
      async getAppAuthorization() {
        await waiting.configure();
        throw refuse('17009', 'TOKEN_REFRESH_REJECTED', status.FAILED_PRECONDITION);
      },
    } as never;
  });
  expect(await worksOn(app)).toBe(true);
});

async function worksOn({ pool, ctx }: TestApp): Promise<boolean> {
  const backOffUntil = (await findApp(pool, key))?.backOffUntil;
  return !backOffUntil || backOffUntil <= ctx.now();
}
