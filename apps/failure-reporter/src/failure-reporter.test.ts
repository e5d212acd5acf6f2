import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { rpcErrorOf, status } from '@autoprov/grpc';
import type { PublicEvent } from '@autoprov/kafka';
import {
  Check,
  ExportFailuresRequest_Format,
  Failure,
  Failure_Scope,
  Failure_State,
  FailureFilter,
  fromCanonicalJson,
  Outcome,
  Outcome_Action,
  Outcome_Result,
  toCanonicalJson,
  type ListFailuresRequest,
} from '@autoprov/proto';
import { TELL_AFTER_MS } from './domain/alert.ts';
import { eventually, startReporterNetwork, type PublishedFailure } from './reporter-network.fixture.ts';
import { startWebhookReceiver } from './webhook-receiver.fixture.ts';

jest.setTimeout(60_000);

const call = { timeoutMs: 10_000 };
const DAY_MS = 24 * 3_600_000;
let network: Awaited<ReturnType<typeof startReporterNetwork>>;
let client: ReturnType<typeof network.client>;

beforeAll(async () => {
  network = await startReporterNetwork();
  client = network.client();
});
afterAll(async () => {
  client?.close();
  await network?.[Symbol.asyncDispose]();
});

let seq = BigInt(Date.now()) * 1000n;
function outcome(customer: string, userId: string, changes: Partial<Outcome> = {}): PublicEvent {
  seq += 1n;
  return {
    kind: 'outcome',
    message: {
      ...Outcome.fromPartial({ app: `customers/${customer}/apps/crm`, user: `customers/${customer}/users/${userId}` }),
      seq,
      occurTime: new Date(),
      action: Outcome_Action.ACTION_CREATE,
      result: Outcome_Result.RESULT_FAILED,
      code: '45003',
      reason: 'DUPLICATE',
      detail: 'userName is taken',
      httpStatus: 409,
      scimType: 'uniqueness',
      attempt: 1,
      traceId: '0af7651916cd43dd8448eb211c80319c',
      ...changes,
    },
  };
}
const accepted = (customer: string, userId: string) =>
  outcome(customer, userId, { result: Outcome_Result.RESULT_ACCEPTED, code: '', reason: '' });

function check(subject: string, passed: boolean, code: string): PublicEvent {
  seq += 1n;
  const message = Check.fromPartial({ source: 'token-broker', subject, seq, passed, code, occurTime: new Date() });
  return { kind: 'check', message };
}

const question = (parent: string, changes: Partial<FailureFilter> = {}): ListFailuresRequest => ({
  parent,
  filter: FailureFilter.fromPartial(changes),
  pageSize: 0,
  pageToken: '',
});
const list = async (parent: string, changes: Partial<FailureFilter> = {}) =>
  (await client.listFailures(question(parent, changes), call)).failures;
const listed = (parent: string, count: number) =>
  eventually(async () => {
    const failures = await list(parent);
    return failures.length === count ? failures : undefined;
  });
const published = (name: string, change: string, having: Partial<Record<keyof Failure, unknown>> = {}) =>
  eventually(() =>
    network.failures.find(
      ({ key, value, headers }) =>
        key === name &&
        headers['ce_type'] === `autoprov.failure.${change}.v1` &&
        Object.entries(having).every(([field, wanted]) => value?.[field] === wanted),
    ),
  );
const messageOf = ({ value }: PublishedFailure) =>
  fromCanonicalJson('autoprov.event.v1.Failure', Failure, value as Parameters<typeof fromCanonicalJson>[2]);

test('a failed push is listed and published, and the next accepted one resolves it', async () => {
  network.directory.emails.set('customers/acme/users/1', 'ada@acme.test');
  await network.publish([outcome('acme', '1')]);

  const [failure] = await listed('customers/acme', 1);
  const opened = await published(failure!.name, 'opened');
  expect(messageOf(opened)).toEqual({ ...failure, primaryEmail: 'ada@acme.test' });
  expect(messageOf(opened)).toMatchObject({
    state: Failure_State.STATE_OPEN,
    code: '45003',
    attempt: 1,
    httpStatus: 409,
  });
  expect(failure?.title).not.toBe('');
  expect(opened.headers).toMatchObject({
    ce_specversion: '1.0',
    ce_source: '/installations/test/failure-reporter',
    ce_subject: failure!.name,
    ce_partitionkey: failure!.name,
    ce_dataschema: 'https://autoprov.dev/schemas/autoprov.event.v1.Failure.json',
    'content-type': 'application/json',
    traceparent: expect.stringMatching(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/),
  });
  // Canonical JSON has every default, and 64-bit numbers as strings.
  expect(opened.value).toMatchObject({ seq: String(failure!.seq), state: 'STATE_OPEN', retryable: false });

  await network.publish([accepted('acme', '1')]);
  expect(messageOf(await published(failure!.name, 'resolved'))).toMatchObject({ state: Failure_State.STATE_RESOLVED });
  expect(await list('customers/acme')).toEqual([]);
  const { failure: resolved } = await client.getFailure({ name: failure!.name }, call);
  expect(resolved?.resolveTime).toBeInstanceOf(Date);
});

test('messages that come again change neither failures nor counters', async () => {
  const events = [
    outcome('twice', '1'),
    outcome('twice', '2'),
    accepted('twice', '2'),
    outcome('twice', '1', { attempt: 2 }),
  ];
  await network.publish([...events, ...events]);
  await network.publish(events);
  await network.publish([accepted('twice', '3')]);
  await network.untilTakenIn();
  const always = { startTime: undefined, endTime: undefined };
  const counters = await client.getAppCounters({ app: 'customers/twice/apps/crm', ...always }, call);
  expect(counters).toMatchObject({ created: 2n, failed: { '45003': 3n } });
  expect(await list('customers/twice')).toMatchObject([{ user: 'customers/twice/users/1', attempt: 2 }]);
});

test('a failed check opens a failure at the level of its subject, until it passes', async () => {
  await network.publish([check('customers/levels', false, '17003'), check('installation', false, '17002')]);
  expect(await listed('customers/levels', 1)).toMatchObject([
    { code: '17003', scope: Failure_Scope.SCOPE_CUSTOMER, user: '' },
  ]);
  const platform = await eventually(async () =>
    (await list('customers/-', { code: '17002' })).find(({ scope }) => scope === Failure_Scope.SCOPE_PLATFORM),
  );
  await network.publish([check('customers/levels', true, '17003'), check('installation', true, '')]);
  await published(platform.name, 'resolved');
  await listed('customers/levels', 0);
});

test('a directory that does not answer delays no failure; the address follows under a higher seq', async () => {
  network.directory.setSilent(true);
  network.directory.emails.set('customers/away/users/1', 'bob@away.test');
  await network.publish([outcome('away', '1')]);
  const [failure] = await listed('customers/away', 1);
  const opened = messageOf(await published(failure!.name, 'opened'));
  expect(opened.primaryEmail).toBe('');

  network.directory.setSilent(false);
  await network.restart({ clockOffsetMs: 10 * 60_000 });
  client = network.client();
  const completed = messageOf(await published(failure!.name, 'retried', { primaryEmail: 'bob@away.test' }));
  expect(completed).toEqual({ ...opened, primaryEmail: 'bob@away.test', seq: opened.seq + 1n });
});

test('a page leads to the next until all are seen, newest first', async () => {
  const minutes = [1, 2, 3, 4, 5];
  await network.publish(
    minutes.map((minute) => outcome('pages', String(minute), { occurTime: new Date(minute * 60_000) })),
  );
  await listed('customers/pages', 5);
  const users: string[] = [];
  let pageToken = '';
  do {
    const page = await client.listFailures({ ...question('customers/pages'), pageSize: 2, pageToken }, call);
    users.push(...page.failures.map(({ user }) => user.split('/').at(-1)!));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  expect(users).toEqual(['5', '4', '3', '2', '1']);
});

test('a filter selects by app, user, code and state', async () => {
  await network.publish([
    outcome('filters', '1'),
    outcome('filters', '2', { code: '45006', reason: 'INVALID_VALUE' }),
    accepted('filters', '1'),
  ]);
  const only = async (changes: Partial<FailureFilter>) =>
    (await list('customers/filters', changes)).map(({ user }) => user.at(-1));
  await eventually(async () =>
    (await only({ states: [Failure_State.STATE_RESOLVED] })).join() === '1' ? true : undefined,
  );
  expect(await only({})).toEqual(['2']);
  expect(await only({ code: '45006', app: 'customers/filters/apps/crm' })).toEqual(['2']);
  expect(await only({ user: 'customers/filters/users/1' })).toEqual([]);
  expect(await only({ action: Outcome_Action.ACTION_CREATE, reason: 'INVALID_VALUE' })).toEqual(['2']);
  expect(await only({ action: Outcome_Action.ACTION_DELETE })).toEqual([]);
  const { causeId, openTime } = (await list('customers/filters'))[0]!;
  expect(await only({ causeId })).toEqual(['2']);
  expect(await only({ causeId: '0123456789abcdef' })).toEqual([]);
  expect(await only({ openStartTime: openTime!, openEndTime: new Date(openTime!.getTime() + 1) })).toEqual(['2']);
  expect(await only({ openEndTime: openTime! })).toEqual([]);
  expect(await only({ reason: 'DUPLICATE', states: [Failure_State.STATE_OPEN, Failure_State.STATE_RESOLVED] })).toEqual(
    ['1'],
  );
});

test.each([
  ['parent', { ...question('acme') }],
  ['filter.app', question('customers/acme', { app: 'customers/other/apps/crm' })],
  ['filter.user', question('customers/acme', { user: 'bob' })],
  ['filter.user', question('customers/acme', { user: 'customers/acme/users/b\0b' })],
  ['filter.code', question('customers/acme', { code: '4500\x003' })],
  ['filter.reason', question('customers/acme', { reason: '\0' })],
  ['filter.cause_id', question('customers/acme', { causeId: '\0' })],
  ['page_size', { ...question('customers/acme'), pageSize: -1 }],
  ['page_token', { ...question('customers/acme'), pageToken: 'x' }],
])('a wrong %s is named', async (field, request) => {
  const refusal = rpcErrorOf(await client.listFailures(request, call).catch((err: unknown) => err));
  expect(refusal).toMatchObject({
    code: status.INVALID_ARGUMENT,
    reason: 'INVALID_REQUEST',
    fieldViolations: [{ field }],
  });
});

test('a caller that is not allowed learns nothing', async () => {
  const stranger = network.client('token-broker');
  const refusal = rpcErrorOf(await stranger.listFailures(question('customers/-'), call).catch((err: unknown) => err));
  stranger.close();
  expect(refusal).toMatchObject({ code: status.PERMISSION_DENIED, reason: 'CALLER_NOT_ALLOWED' });
});

test('the export holds all failures, as CSV that no spreadsheet runs and as JSON Lines', async () => {
  await network.publish(
    Array.from({ length: 1201 }, (_, i) => outcome('export', String(i), { detail: i === 0 ? '=cmd|x' : 'taken' })),
  );
  await listed('customers/export', 100);
  const download = async (format: ExportFailuresRequest_Format) => {
    const chunks: Buffer[] = [];
    const request = { ...question('customers/export'), format };
    for await (const { chunk } of client.exportFailures(request, call)) chunks.push(chunk);
    return Buffer.concat(chunks).toString('utf8');
  };
  const csv = await eventually(async () => {
    const text = await download(ExportFailuresRequest_Format.FORMAT_CSV);
    return text.split('\r\n').length === 1203 ? text : undefined;
  });
  expect(csv.split('\r\n')[0]).toMatch(/^"time","customer","app"/);
  expect(csv).toContain(`"'=cmd|x"`);
  const lines = (await download(ExportFailuresRequest_Format.FORMAT_JSON_LINES)).trimEnd().split('\n');
  expect(new Set(lines.map((line) => (JSON.parse(line) as { user: string }).user)).size).toBe(1201);
});

test('a message that cannot be read is parked and told of, and the messages after it go on', async () => {
  await network.publishText('autoprov.outcomes.v1', 'no JSON');
  await network.publishText('autoprov.outcomes.v1', JSON.stringify({ app: 'customers/x' }));
  await network.publish([outcome('after', '1')]);
  await listed('customers/after', 1);
  const [failure] = await eventually(async () => {
    const found = await list('customers/-', { code: '12005', reason: 'EVENT_UNREADABLE' });
    return found.length > 0 ? found : undefined;
  });
  expect(failure).toMatchObject({ source: 'failure-reporter', scope: Failure_Scope.SCOPE_PLATFORM });
  // It can be read once a version that can, or its topic, is repaired: here its row is.
  const [first, second] = await eventually(async () => {
    const { parkedEvents } = await client.listParkedEvents({ pageSize: 0 }, call);
    return parkedEvents.length === 2 ? parkedEvents : undefined;
  });
  expect([first, second].map((event) => event!.value.toString()).toSorted()).toEqual([
    'no JSON',
    '{"app":"customers/x"}',
  ]);
  expect(await client.replayParkedEvents({ names: [first!.name] }, call)).toEqual({
    replayedCount: 0n,
    unreadableCount: 1n,
  });
  const { message } = outcome('parked', '1') as { message: Outcome };
  await network.repairParked(JSON.stringify(toCanonicalJson('autoprov.event.v1.Outcome', Outcome, message)));
  expect(await client.replayParkedEvents({ names: [] }, call)).toEqual({ replayedCount: 2n, unreadableCount: 0n });
  expect(await list('customers/parked')).toMatchObject([{ user: 'customers/parked/users/1' }]);
  expect(await list('customers/-', { code: '12005' })).toEqual([]);
  expect(await client.listParkedEvents({ pageSize: 0 }, call)).toEqual({ parkedEvents: [], totalSize: 0n });
  const parked = 'failure_reporter_facts_total{topic="autoprov.outcomes.v1",result="parked"} 2';
  await eventually(async () => ((await network.metrics()).includes(parked) ? true : undefined));
});

test.each([
  ['SETUP_DELETED', false],
  ['APP_REMOVED', true],
])(
  "an app's failures and its people's are over when config says %s, also those told of late",
  async (why, appRemoved) => {
    const customer = appRemoved ? 'removed' : 'deleted';
    const app = `customers/${customer}/apps/crm`;
    await network.publish([
      outcome(customer, '1'),
      check(app, false, '17010'),
      check(`customers/${customer}`, false, '17003'),
    ]);
    const failures = await listed(`customers/${customer}`, 3);
    network.config.change(app, { appRemoved });
    await network.publish([outcome(customer, '2')]);
    const person = failures.find(({ user }) => user)!;
    const ended = messageOf(await published(person.name, 'superseded'));
    expect(ended).toMatchObject({ state: Failure_State.STATE_SUPERSEDED, stateReason: why });
    await eventually(async () => {
      const over = await list(`customers/${customer}`, { states: [Failure_State.STATE_SUPERSEDED] });
      return over.length === 3 ? true : undefined;
    });
    // The customer is still there.
    expect(await list(`customers/${customer}`)).toMatchObject([{ code: '17003' }]);
  },
);

test('a dismissed failure stays dismissed while it fails, until it is opened again, and so in a reporter that starts empty', async () => {
  await network.publish([outcome('dismiss', '1')]);
  const [failure] = await listed('customers/dismiss', 1);
  const { name } = failure!;
  const { failure: dismissed } = await client.dismissFailure({ name, note: 'ask bob@dismiss.test in May' }, call);
  expect(dismissed).toMatchObject({ state: Failure_State.STATE_DISMISSED, note: 'ask … in May' });
  await network.publish([outcome('dismiss', '1', { attempt: 2 })]);
  expect(messageOf(await published(name, 'dismissed', { attempt: 2 }))).toMatchObject({ note: 'ask … in May' });
  expect(await list('customers/dismiss')).toEqual([]);

  await client.reopenFailure({ name, note: '' }, call);
  expect(await list('customers/dismiss')).toMatchObject([{ name, attempt: 2 }]);
  await published(name, 'reopened');
  await client.dismissFailure({ name, note: 'until June' }, call);

  const before = await client.getFailure({ name }, call);
  await network.restartEmpty();
  client = network.client();
  const after = await eventually(async () => {
    const found = await client.getFailure({ name }, call).catch(() => undefined);
    return found?.failure?.attempt === 2 && found.failure.state === Failure_State.STATE_DISMISSED ? found : undefined;
  });
  expect({ ...after.failure, seq: 0n, primaryEmail: '' }).toEqual({ ...before.failure, seq: 0n, primaryEmail: '' });
});

test('what has ended cannot be dismissed, and a dismissal needs a note that can be stored', async () => {
  await network.publish([outcome('ended', '1')]);
  const [failure] = await listed('customers/ended', 1);
  const { name } = failure!;
  const dismiss = async (note: string) =>
    rpcErrorOf(await client.dismissFailure({ name, note }, call).catch((err: unknown) => err));
  const refused = { code: status.INVALID_ARGUMENT, fieldViolations: [{ field: 'note' }] };
  expect(await dismiss(' ')).toMatchObject(refused);
  expect(await dismiss('until\0June')).toMatchObject(refused);
  await network.publish([accepted('ended', '1')]);
  await listed('customers/ended', 0);
  expect(await dismiss('too late')).toMatchObject({ code: status.FAILED_PRECONDITION, reason: 'FAILURE_ENDED' });
});

test('the service tells the webhooks of its file what fails, also after it was started anew', async () => {
  const customer = 'customers/told';
  const receiver = await startWebhookReceiver([customer]);
  try {
    await network.publish([outcome('told', '1', { detail: 'fails so here alone' })]);
    await listed(customer, 1);
    // The first sees that it fails, the second that it has done so for a minute.
    await network.restart({ webhooks: receiver.env });
    await network.restart({ webhooks: receiver.env, clockOffsetMs: TELL_AFTER_MS });
    client = network.client();
    await eventually(() => receiver.received[0]);
    const causes = await client.listCauses({ parent: customer, pageSize: 0 }, call);
    expect(receiver.received).toMatchObject([
      { type: 'autoprov.cause.opened', data: { causeId: causes.causes[0]!.causeId } },
    ]);
    await eventually(async () =>
      (await network.metrics()).includes('failure_reporter_notification_age_seconds 0') ? true : undefined,
    );
  } finally {
    await receiver.stop();
  }
});

test('a failure that ended 30 days ago leaves the service and the topic', async () => {
  await network.publish([outcome('old', '1'), accepted('old', '1')]);
  const name = await eventually(
    () =>
      network.failures.find(
        ({ value }) => value?.['customer'] === 'customers/old' && value['state'] === 'STATE_RESOLVED',
      )?.key,
  );
  await network.restart({ clockOffsetMs: 31 * DAY_MS });
  client = network.client();
  await eventually(() => network.failures.find(({ key, value }) => key === name && value === undefined));
  const refusal = rpcErrorOf(await client.getFailure({ name }, call).catch((err: unknown) => err));
  expect(refusal).toMatchObject({ code: status.NOT_FOUND, reason: 'RESOURCE_NOT_FOUND' });
});
