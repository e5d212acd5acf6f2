import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { hostileBehaviours, startHostileServiceProvider, startScimmy } from '@autoprov/testing';
import type { HostileServiceProvider, ServiceProvider } from '@autoprov/testing';
import type { Done, Task } from './hostile-worker.process.ts';
import { startTestApp, type TestApp } from './test-app.fixture.ts';

const requestMs = 1_000;
/** Requests that a pass over three people, and a probe, make one after the other. */
const requestsInRow = 10;
const mayGrowMb = 50;
/** As in docker/compose.yaml. */
const heapAsDeployed = '--max-semi-space-size=16';

let hostile: HostileServiceProvider, beside: ServiceProvider, app: TestApp, worker: ChildProcess;
let round = 0;

beforeAll(async () => {
  hostile = await startHostileServiceProvider();
  beside = await startScimmy({ uniqueness: true });
  app = await startTestApp(beside);
  await app.configure();
  await app.read([{ id: '1' }, { id: '2' }, { id: '3' }]);
  const settings = { httpTimeoutMs: requestMs, retryForMs: 0, leaseMs: 20_000, settleMs: 0, listMaxAccounts: 1_000 };
  worker = fork(
    new URL('hostile-worker.process.ts', import.meta.url).pathname,
    [app.databaseUrl, beside.token, JSON.stringify(settings)],
    {
      execArgv: [
        '--expose-gc',
        heapAsDeployed,
        '--conditions=@autoprov/source',
        '--disable-warning=ExperimentalWarning',
      ],
    },
  );
  await ask({ apps: ['crm'], probe: beside.baseUrl });
}, 60_000);

afterAll(async () => {
  worker?.disconnect();
  await app?.stop();
  await beside?.stop();
  await hostile?.stop();
});

async function ask(task: Task): Promise<Done> {
  const answered = once(worker, 'message');
  worker.send(task);
  const [done] = (await answered) as [Done];
  return done;
}

/** What is said of the people, or of the app, in the end. */
const expected: Record<string, string> = {
  'no answer': 'CHECK_FAILED 45004 SP_TIMEOUT',
  'reset before the answer': 'CHECK_FAILED 45004 SP_ERROR',
  'reset within the status': 'CHECK_FAILED 45004 SP_ERROR',
  'reset within a header': 'CHECK_FAILED 45004 SP_ERROR',
  'reset within the body': 'CHECK_FAILED 45004 SP_ERROR',
  'an end before its length': 'CHECK_FAILED 45004 SP_ERROR',
  'more than its length': 'CHECK_FAILED 45005 WRONG_ENDPOINT',
  'a second answer that nobody asked for': 'CHECK_FAILED 45005 WRONG_ENDPOINT',
  'two lengths': 'CHECK_FAILED 45004 SP_ERROR',
  'a chunk shorter than it says': 'CHECK_FAILED 45004 SP_ERROR',
  'a chunk of 2^63 bytes': 'CHECK_FAILED 45004 SP_ERROR',
  'a chunk extension without end': 'CHECK_FAILED 45004 SP_ERROR',
  'trailers without end': 'CHECK_FAILED 45004 SP_ERROR',
  'headers without end': 'CHECK_FAILED 45004 SP_ERROR',
  'two thousand headers': 'CHECK_FAILED 45005 WRONG_ENDPOINT',
  'a header of 1 MB': 'CHECK_FAILED 45004 SP_ERROR',
  'a header without end': 'CHECK_FAILED 45004 SP_ERROR',
  'informational answers without end': 'CHECK_FAILED 45004 SP_ERROR',
  '100 Continue that nobody expects, then nothing': 'CHECK_FAILED 45004 SP_ERROR',
  'another protocol': 'CHECK_FAILED 45004 SP_ERROR',
  'HTTP/1.0 without a length': 'CHECK_FAILED 45004 SP_ERROR',
  'HTTP/9.9': 'CHECK_FAILED 45004 SP_ERROR',
  'no HTTP': 'CHECK_FAILED 45004 SP_ERROR',
  'status 999': 'CHECK_FAILED 45004 SP_UNAVAILABLE',
  'a body without end': 'CHECK_FAILED 45004 SP_ERROR',
  'a body of 1 GB': 'CHECK_FAILED 45004 SP_ERROR',
  'one byte at a time': 'CHECK_FAILED 45004 SP_TIMEOUT',
  'a gzip bomb': 'CHECK_FAILED 45005 WRONG_ENDPOINT',
  'a deflate bomb': 'CHECK_FAILED 45005 WRONG_ENDPOINT',
  'a brotli bomb': 'CHECK_FAILED 45005 WRONG_ENDPOINT',
  'says gzip and is none': 'CHECK_FAILED 45005 WRONG_ENDPOINT',
  'a redirect to the metadata of a cloud': 'CHECK_FAILED 45005 WRONG_ENDPOINT',
  'a redirect to this machine': 'CHECK_FAILED 45005 WRONG_ENDPOINT',
  'a redirect to itself': 'CHECK_FAILED 45005 WRONG_ENDPOINT',
  'HTML with 200': 'CHECK_FAILED 45005 WRONG_ENDPOINT',
  'HTML with 404': 'CHECK_FAILED 45005 WRONG_ENDPOINT',
  'UTF-16': 'CHECK_FAILED 45005 WRONG_ENDPOINT',
  'bytes that are no UTF-8': 'CHECK_FAILED 45004 SP_ERROR',
  'JSON of a hundred thousand levels': 'CHECK_FAILED 45004 SP_ERROR',
  'JSON of a million arrays': 'CHECK_FAILED 45004 SP_ERROR',
  'JSON of a million objects': 'CHECK_FAILED 45004 SP_ERROR',
  'an object of a hundred thousand names': 'CHECK_FAILED 45004 SP_ERROR',
  'a refusal of a hundred thousand levels': 'FAILED 45006 MALFORMED',
  'a refusal of a hundred thousand messages': 'FAILED 45006 MALFORMED',
  'a name of 2 MB': 'FAILED 45006 MALFORMED',
  'nothing at all': 'CHECK_FAILED 45005 WRONG_ENDPOINT',
  'a number alone': 'CHECK_FAILED 45005 WRONG_ENDPOINT',
  'names of prototypes': 'FAILED 45004 SP_ERROR',
  'an account with names of prototypes': 'ACCEPTED',
  'an account with names twice': 'ACCEPTED',
  'an account with numbers beyond a double': 'ACCEPTED',
  'an account with NUL and half characters': 'ACCEPTED',
  'an account of a hundred thousand levels': 'ACCEPTED',
  'an account with a user name of 1 MB': 'ACCEPTED',
  'an account with an externalId of 1 MB': 'ACCEPTED',
  'an account with an address of 1 MB': 'ACCEPTED',
  'an account with a hundred thousand addresses': 'ACCEPTED',
  'an account with an id of 1 MB': 'ACCEPTED',
  'an account whose id leads elsewhere': 'ACCEPTED',
  'an id that is 1 MB long': 'FAILED 45004 SP_ERROR',
  'an id that is ..': 'FAILED 45004 SP_ERROR',
  'an id that is .': 'FAILED 45004 SP_ERROR',
  'an id that is %2e%2e': 'ACCEPTED, FAILED 45003 DUPLICATE',
  'an id that is ../Groups/1': 'ACCEPTED, FAILED 45003 DUPLICATE',
  'an id that is a query': 'ACCEPTED, FAILED 45003 DUPLICATE',
  'an id that is of control characters': 'FAILED 45004 SP_ERROR',
  'an id that is half a character': 'FAILED 45004 SP_ERROR',
  'an id that is written from right to left': 'FAILED 45004 SP_ERROR',
  'an id that is always the same': 'ACCEPTED, FAILED 45003 DUPLICATE',
  'an id that is a number': 'FAILED 45004 SP_ERROR',
  'words with escapes, from right to left': 'FAILED 45006 MALFORMED',
  'words of 2 MB': 'FAILED 45006 MALFORMED',
  'a scimType of 2 MB': 'FAILED 45006 MALFORMED',
  'words that would keep a regular expression busy': 'FAILED 45006 MALFORMED',
  'Retry-After of thirty thousand years': 'CHECK_FAILED 45004 RATE_LIMITED',
  'Retry-After below zero': 'CHECK_FAILED 45004 RATE_LIMITED',
  'Retry-After in the year 9999': 'CHECK_FAILED 45004 RATE_LIMITED',
  'Retry-After without a number': 'CHECK_FAILED 45004 RATE_LIMITED',
  'Retry-After of a million digits': 'CHECK_FAILED 45004 RATE_LIMITED',
  'a list without end': 'ACCEPTED',
  'a list of one account a page, without end': 'ACCEPTED',
  'a list that repeats its page, with a cursor that leads to itself': 'ACCEPTED',
  'two megabytes of other people for each look-up': 'ACCEPTED',
  '204 for everything': 'CHECK_FAILED 45005 WRONG_ENDPOINT',
};

type Fact = Record<string, unknown> & Partial<Record<'result' | 'code' | 'reason' | 'detail' | 'scimType', string>>;

function inWords({ result = 'CHECK_FAILED', code = '', reason = '' }: Fact): string {
  return `${result} ${code} ${reason}`.replace('RESULT_', '').trim();
}

/** In characters, of what is kept of people and apps. */
async function longestRow(): Promise<number> {
  const { rows } = await app.pool.query<{ chars: number }>(
    `select max(length(kept)) as chars from (select accounts::text as kept from accounts
       union all select attempts::text from attempts union all select apps::text from apps) as rows_kept`,
  );
  return rows[0]!.chars;
}

test.each(hostileBehaviours)(
  'a service provider with %s harms nobody',
  async (name) => {
    const appId = `hostile-${++round}`;
    await app.pool.query('delete from outbox');
    await app.configure({ endpointUrl: hostile.baseUrlOf(name) }, {}, appId);
    await app.read([{ id: '1', title: `${round}` }]);
    const done = await ask({ apps: ['crm', appId], probe: hostile.baseUrlOf(name) });

    const facts = (await app.facts()).map(({ body }) => body as Fact);
    const own = facts.filter((fact) => [fact['app'], fact['subject']].includes(`customers/acme/apps/${appId}`));
    expect([...new Set(own.map(inWords))].toSorted().join(', ')).toBe(expected[name]);
    for (const { detail = '', scimType = '' } of own) {
      expect(`${detail}${scimType}`).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
      expect(detail.length).toBeLessThanOrEqual(500);
      expect(scimType.length).toBeLessThanOrEqual(500);
    }
    expect(await longestRow()).toBeLessThan(5_000);
    expect(done.errors).toEqual([]);
    expect(done.grownMb).toBeLessThan(mayGrowMb);
    expect(done.ms).toBeLessThan(requestMs * requestsInRow);
    expect(facts.find((fact) => fact['app'] === 'customers/acme/apps/crm')).toMatchObject({
      result: 'RESULT_ACCEPTED',
    });
  },
  60_000,
);
