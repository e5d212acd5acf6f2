import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { waitUntil } from '@autoprov/testing';
import { failureOf, newSealingKey, soon, startBrokerForTests, type BrokerForTests } from './broker.fixture.ts';

const customer = 'customers/acme';
const app = `${customer}/apps/crm`;

let broker: BrokerForTests;
beforeAll(async () => {
  broker = await startBrokerForTests();
  broker.installed.add(app);
});
afterAll(() => broker.stop());

const getHeader = () => broker.clients.pusher.getAppAuthorization({ app, forceNew: false }, soon);
const getToken = () => broker.clients.reader.getDirectoryAccessToken({ customer, forceNew: true }, soon);

async function storeSecrets() {
  const key = broker.directory.serviceAccountKey();
  const { cli } = broker.clients;
  const secret = { $case: 'bearerToken', value: 'sp-t0ken' } as const;
  await cli.setCredential({ app, secret, keepPrevious: false, validateOnly: false }, soon);
  const delegation = { customer, adminEmail: 'admin@example.com', validateOnly: false };
  await cli.setDelegation({ ...delegation, serviceAccountKeyJson: JSON.stringify(key) }, soon);
}

test('after a rotation everything is sealed anew, and the old key can be taken away', async () => {
  const [oldKey, youngKey] = [newSealingKey(), newSealingKey()];
  await broker.restart({ SECRETS_KEY: oldKey });
  await storeSecrets();
  await broker.restart({ SECRETS_KEY: `${youngKey},${oldKey}` });
  expect((await getHeader()).headerValue).toBe('Bearer sp-t0ken');
  const isResealed = async () => broker.logged.some((line) => line.includes('"resealed":2'));
  await waitUntil('the secrets to be sealed anew', isResealed, Date.now() + 30_000);
  await broker.restart({ SECRETS_KEY: youngKey });
  expect((await getHeader()).headerValue).toBe('Bearer sp-t0ken');
  await getToken();
  await broker.restart({ SECRETS_KEY: oldKey });
  expect(await failureOf(getHeader())).toMatchObject({ reason: 'CREDENTIAL_UNREADABLE' });
});

test('no secret is in the log, in an error or in a table', async () => {
  await broker.restart({ SECRETS_KEY: newSealingKey() });
  await storeSecrets();
  await getHeader();
  const { accessToken } = await getToken();
  const failures = [];
  broker.directory.run({
    do: 'revokeScopes',
    scopes: ['https://www.googleapis.com/auth/admin.directory.user.readonly'],
  });
  failures.push(await failureOf(getToken()));
  broker.directory.run({ do: 'failPage', kind: 'token', status: 500, reason: 'backendError', times: 10 });
  failures.push(await failureOf(getToken()));
  await broker.restart({ SECRETS_KEY: newSealingKey() });
  failures.push(await failureOf(getToken()), await failureOf(getHeader()));

  const tables = await Promise.all(
    ['delegations', 'credentials', 'audit', 'audit_refusals', 'checks', 'check_holders', 'outbox'].map((table) =>
      broker.pool.query<{ row: string }>(`select (${table})::text as row from ${table}`),
    ),
  );
  const { private_key: privateKey } = broker.directory.serviceAccountKey();
  const keyLines = privateKey.split('\n').filter((line) => line.length > 40);
  const texts = [
    broker.logged.join('\n'),
    JSON.stringify(failures),
    tables.flatMap(({ rows }) => rows.map(({ row }) => row)).join('\n'),
  ];
  expect(broker.logged.length).toBeGreaterThan(10);
  for (const text of texts) {
    expect(text).not.toContain('sp-t0ken');
    expect(text).not.toContain(accessToken);
    expect(text).not.toMatch(/ya29\.|eyJ/);
    for (const line of keyLines) expect(text).not.toContain(line);
    expect(text).not.toContain(Buffer.from('sp-t0ken').toString('hex'));
  }
});
