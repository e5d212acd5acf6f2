import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { OAuthProvider } from '@autoprov/testing';
import { failureOf, newSealingKey, soon, type BrokerForTests } from './broker.fixture.ts';
import { age, begin, clientOf, startOAuthForTests } from './oauth.fixture.ts';

const app = 'customers/acme/apps/crm';
const tables = ['credentials', 'previous_credentials', 'oauth_tokens', 'authorizations', 'revocations', 'audit'];

let stop: () => Promise<void>;
let broker: BrokerForTests;
let provider: OAuthProvider;
beforeAll(async () => {
  ({ broker, provider, stop } = await startOAuthForTests());
  broker.installed.add(app);
});
afterAll(() => stop());

const ask = () => broker.clients.pusher.getAppAuthorization({ app, forceNew: true }, soon);
const complete = (redirectedUrl: string) => broker.clients.cli.completeAuthorization({ app, redirectedUrl }, soon);

test('no token, secret, code, verifier or state of an authorization is in a log, an error, an event or a table', async () => {
  const secrets = [provider.codeClient.clientSecret, 'wr0ng-s3cret'];
  const failures: unknown[] = [];
  const run = async (client = clientOf(provider)) => {
    const url = await provider.agree(await begin(broker, provider, { app, client }));
    const { searchParams } = new URL(url);
    secrets.push(searchParams.get('code')!, searchParams.get('state')!);
    return url;
  };
  const used = await run();
  await complete(used);
  failures.push(await failureOf(complete(used)));
  failures.push(await failureOf(complete(await run(clientOf(provider, undefined, { clientSecret: 'wr0ng-s3cret' })))));
  // One that is begun only, so that its row is there to be looked at.
  await run();
  const { headerValue } = await ask();
  for (const effect of ['failAfter', 'html', 'resetAfter'] as const) {
    await age(broker, app);
    provider.run({ do: 'fault', path: '/token', effect });
    failures.push(await failureOf(ask()));
  }
  await age(broker, app);
  failures.push(await failureOf(ask()));
  provider.run({ do: 'fault', path: '/revocation', effect: 'failBefore', times: 9 });
  const { open } = await broker.clients.config.revokeAppAccess({ app, lastSetup: false }, soon);
  expect(open).toHaveLength(1);

  secrets.push(headerValue.slice('Bearer '.length), ...provider.refreshTokens());
  const rows = await Promise.all(
    [...tables, 'checks', 'check_holders', 'outbox'].map((table) =>
      broker.pool.query<{ row: string }>(`select (${table})::text as row from ${table}`),
    ),
  );
  const stored = rows.flatMap((one) => one.rows.map(({ row }) => row)).join('\n');
  // Bytes are printed in hexadecimal.
  const texts = [broker.logged.join('\n'), JSON.stringify([failures, open], bigint), stored];
  expect(secrets.length).toBeGreaterThan(8);
  for (const secret of secrets) {
    for (const text of texts) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(Buffer.from(secret).toString('hex'));
      expect(text).not.toContain(Buffer.from(secret).toString('base64'));
    }
  }
});

test('sealed tokens that are put into the row of another app do not open', async () => {
  const other = 'customers/globex/apps/hr';
  for (const one of [app, other]) {
    broker.installed.add(one);
    const redirectedUrl = await provider.agree(await begin(broker, provider, { app: one }));
    await broker.clients.cli.completeAuthorization({ app: one, redirectedUrl }, soon);
  }
  await broker.pool.query(
    `update oauth_tokens set sealed = (select sealed from oauth_tokens where app_id = 'hr') where app_id = 'crm'`,
  );
  expect(await failureOf(broker.clients.pusher.getAppAuthorization({ app, forceNew: false }, soon))).toMatchObject({
    metadata: { code: '25016' },
  });
});

test('tokens are sealed anew with the first key and refreshed with it', async () => {
  const [old, young] = [broker.settings.SECRETS_KEY, newSealingKey()];
  const other = 'customers/globex/apps/hr';
  const askOther = async (forceNew: boolean) =>
    (await broker.clients.pusher.getAppAuthorization({ app: other, forceNew }, soon)).headerValue;
  const before = await askOther(false);
  await broker.restart({ SECRETS_KEY: `${young},${old}` });
  expect(await askOther(false)).toBe(before);
  await age(broker, other);
  expect(await askOther(true)).not.toBe(before);
});

function bigint(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
