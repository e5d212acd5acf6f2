import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { RpcError, status } from '@autoprov/grpc';
import { startBetterAuth, type ServiceProvider } from '@autoprov/testing';
import { startTestApp, type TestApp } from './test-app.fixture.ts';

const crm = 'customers/acme/apps/crm';

let sp: ServiceProvider;
let app: TestApp;
beforeEach(async () => {
  sp = await startBetterAuth();
  app = await startTestApp(sp);
  await app.configure();
  await app.read([{ id: '1000' }]);
});
afterEach(async () => {
  await app.stop();
  await sp.stop();
});

/** One more pass, later than any wait; answers the checks that it published. */
async function checksOfPass(): Promise<object[]> {
  const before = (await app.facts()).length;
  app.moveClock(3_600_000);
  await app.push();
  const facts = (await app.facts()).slice(before).filter(({ type }) => type.includes('check'));
  return facts.map(({ body }) => ({ subject: body['subject'], code: body['code'], passed: body['passed'] }));
}

test('a token broker that is silent is a failure of the installation, until it answers anything at all', async () => {
  app.failAuthorization(new RpcError(status.UNAVAILABLE, 'DEPENDENCY_UNAVAILABLE', 'nobody answers'));
  expect(await checksOfPass()).toEqual([{ subject: 'installation', code: '17002', passed: false }]);
  const metadata = { code: '17009', finer_reason: 'TOKEN_REFRESH_REJECTED' };
  app.failAuthorization(
    new RpcError(status.FAILED_PRECONDITION, 'CREDENTIAL_MISSING', 'authorize again', { metadata }),
  );
  expect(await checksOfPass()).toContainEqual({ subject: 'installation', code: '17002', passed: true });
});

test('a silence is told of once, and its end even by a process that did not see it begin', async () => {
  app.failAuthorization(new RpcError(status.UNAVAILABLE, 'DEPENDENCY_UNAVAILABLE', 'nobody answers'));
  expect(await checksOfPass()).toHaveLength(1);
  expect(await checksOfPass()).toEqual([]);
  app.ctx.brokerSilent = undefined;
  app.failAuthorization(undefined);
  expect(await checksOfPass()).toContainEqual({ subject: 'installation', code: '17002', passed: true });
});

test('what the token broker reports of a credential is not reported again, and ends what was reported before', async () => {
  const { token } = sp;
  sp.token = 'revoked';
  expect(await checksOfPass()).toEqual([{ subject: crm, code: '17010', passed: false }]);
  const metadata = { code: '17009', finer_reason: 'TOKEN_REFRESH_REJECTED' };
  app.failAuthorization(
    new RpcError(status.FAILED_PRECONDITION, 'CREDENTIAL_MISSING', 'authorize again', { metadata }),
  );
  expect(await checksOfPass()).toEqual([{ subject: crm, code: '', passed: true }]);
  sp.token = token;
  app.failAuthorization(undefined);
  expect(await checksOfPass()).toEqual([{ subject: crm, code: '', passed: true }]);
});
