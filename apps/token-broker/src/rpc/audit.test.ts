import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { status } from '@autoprov/grpc';
import { OAuthClient, type AuditRecord } from '@autoprov/proto';
import { failureOf, soon, startBrokerForTests, type BrokerForTests } from '../broker.fixture.ts';

const acme = 'customers/acme';
const globex = 'customers/globex';

let broker: BrokerForTests;
beforeAll(async () => {
  broker = await startBrokerForTests();
});
afterAll(() => broker.stop());

const getHeader = (app: string) => broker.clients.pusher.getAppAuthorization({ app, forceNew: false }, soon);
const setBearer = (app: string) =>
  broker.clients.cli.setCredential(
    { app, secret: { $case: 'bearerToken', value: 't' }, keepPrevious: false, validateOnly: false },
    soon,
  );
const list = (parent: string, pageSize = 0, pageToken = '') =>
  broker.clients.cli.listAuditRecords({ parent, pageSize, pageToken }, soon);
const client = OAuthClient.fromPartial({
  authorizationUrl: 'https://sp.example.com/authorize',
  tokenUrl: 'https://sp.example.com/token',
  clientId: 'c',
  clientSecret: 's',
});
const brief = ({ caller, resource, version, refusedReason, count }: AuditRecord) =>
  `${caller} ${resource} ${version > 0n ? 'v' : '0'} ${refusedReason || 'given'} ${count}`;

test('what is given and what is refused is listed, newest first, each once with how often', async () => {
  const crm = `${acme}/apps/crm`;
  await failureOf(getHeader(crm));
  await failureOf(setBearer(crm));
  broker.installed.add(crm);
  await failureOf(getHeader(crm));
  await failureOf(getHeader(crm));
  await setBearer(crm);
  for (let i = 0; i < 3; i++) await getHeader(crm);
  await failureOf(broker.clients.reader.getDirectoryAccessToken({ customer: acme, forceNew: false }, soon));
  await failureOf(broker.clients.reader.getDirectoryAccessToken({ customer: globex, forceNew: false }, soon));
  const ofAcme = [
    `directory-reader ${acme} 0 DELEGATION_MISSING 1`,
    `scim-pusher ${crm} v given 3`,
    `scim-pusher ${crm} 0 CREDENTIAL_MISSING 2`,
    `cli ${crm} 0 APP_NOT_INSTALLED 1`,
    `scim-pusher ${crm} 0 APP_NOT_INSTALLED 1`,
  ];
  expect((await list(acme)).records.map(brief)).toEqual(ofAcme);
  expect((await list('customers/-')).records.map(brief)).toEqual([
    `directory-reader ${globex} 0 DELEGATION_MISSING 1`,
    ...ofAcme,
  ]);
  expect((await list('customers/acm')).records).toEqual([]);
});

test('who is refused at the beginning or the end of an authorization is listed, too', async () => {
  const [wiki, hr] = ['customers/initech/apps/wiki', 'customers/initech/apps/hr'];
  const redirectUri = 'https://autoprov.example.com/callback';
  const begin = () => broker.clients.cli.beginAuthorization({ app: wiki, client, redirectUri }, soon);
  const complete = (app: string, state: string) => {
    const redirectedUrl = `${redirectUri}?code=c&state=${state}`;
    return broker.clients.cli.completeAuthorization({ app, redirectedUrl }, soon);
  };
  await failureOf(begin());
  await failureOf(complete(wiki, 'foreign'));
  for (const app of [wiki, hr]) broker.installed.add(app);
  for (const state of ['foreign', 'wrong']) await failureOf(complete(wiki, state));
  const state = new URL((await begin()).authorizationUrl).searchParams.get('state')!;
  // Moved to another row, what is sealed does not open.
  await broker.pool.query(`update authorizations set app_id = 'hr'`);
  await failureOf(complete(hr, state));
  expect((await list('customers/initech')).records.map(brief)).toEqual([
    `cli ${hr} 0 CREDENTIAL_UNREADABLE 1`,
    `cli ${wiki} 0 AUTHORIZATION_TOKEN_NOT_GENERATED 2`,
    `cli ${wiki} 0 APP_NOT_INSTALLED 2`,
  ]);
});

test('the pages hold every record once, also when they are counted meanwhile', async () => {
  const { records: all } = await list('customers/-');
  const read: string[] = [];
  let token = '';
  do {
    const page = await list('customers/-', 2, token);
    read.push(...page.records.map(({ firstTime }) => firstTime!.toISOString()));
    token = page.nextPageToken;
    await failureOf(broker.clients.reader.getDirectoryAccessToken({ customer: acme, forceNew: false }, soon));
  } while (token !== '');
  expect(read).toEqual(all.map(({ firstTime }) => firstTime!.toISOString()));
});

test.each([
  [{ parent: 'acme' }, 'parent'],
  [{ parent: acme, pageSize: -1 }, 'page_size'],
  [{ parent: acme, pageToken: 'x' }, 'page_token'],
])('the request %j is refused by field', async (changes, field) => {
  const request = { pageSize: 0, pageToken: '', ...changes };
  const failure = await failureOf(broker.clients.cli.listAuditRecords(request, soon));
  expect(failure).toMatchObject({ code: status.INVALID_ARGUMENT, fieldViolations: [{ field }] });
});

test('the service cannot take a row of the audit away', async () => {
  const { rows } = await broker.pool.query<{ may: boolean }>(
    `select has_table_privilege('autoprov_token_broker', name, 'delete') as may from unnest($1::text[]) as name`,
    [['token_broker.audit', 'token_broker.audit_refusals']],
  );
  expect(rows.map(({ may }) => may)).toEqual([false, false]);
});
