import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { waitUntil } from '../network/settle.ts';
import { googleClient } from './google-client.fixture.ts';
import { plainPeople } from './plain-people.ts';
import { startDirectory } from './server.ts';
import type { ExampleDirectory } from './server.ts';

type Received = { headers: IncomingHttpHeaders; body: string };

let directory: ExampleDirectory;
let google: ReturnType<typeof googleClient>;
let received: Received[] = [];
/** What the hook answers next; then 204. */
let answers: number[] = [];
const hook = createServer((request, response) => void take(request, response));

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  received.push({ headers: request.headers, body: await text(request) });
  response.writeHead(answers.shift() ?? 204).end();
}

beforeAll(async () => {
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  directory = await startDirectory({ people: plainPeople({ users: 3 }) });
  google = googleClient(directory);
});
beforeEach(() => {
  received = [];
  answers = [];
  directory.run({ do: 'clearFaults' });
});
afterAll(async () => {
  await directory.stop();
  hook.close();
  hook.closeAllConnections();
});

const until = (what: string, holds: () => boolean) => waitUntil(what, async () => holds(), Date.now() + 10_000);
const ada = 'user000002@example.com';

async function watch(id: string, event: string) {
  const address = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`;
  const requestBody = { id, type: 'web_hook', address, token: 'hush', params: { ttl: '3600' } };
  const { data } = await google.users.watch({ customer: 'my_customer', event, requestBody });
  await until('the channel says that it is open', () => received.length > 0);
  return data;
}

test('a channel says that it is open, then tells of its event with token, number and id, until it is stopped', async () => {
  const channel = await watch('one', 'update');
  expect(channel).toMatchObject({ id: 'one', resourceId: expect.any(String), token: 'hush' });
  expect(Number(channel.expiration) - Date.now()).toBeGreaterThan(3_500_000);
  expect(received[0]).toMatchObject({
    headers: { 'x-goog-channel-id': 'one', 'x-goog-resource-state': 'sync', 'x-goog-message-number': '1' },
    body: '',
  });
  directory.run({ do: 'suspend', user: ada });
  directory.run({ do: 'delete', user: 'user000003@example.com' });
  await until('the change is told', () => received.length === 2);
  const [, { headers, body } = { headers: {}, body: '' }] = received;
  expect(headers).toMatchObject({ 'x-goog-channel-token': 'hush', 'x-goog-resource-state': 'update' });
  expect(Number(headers['x-goog-message-number'])).toBeGreaterThan(1);
  expect(JSON.parse(body)).toMatchObject({
    kind: 'admin#directory#user',
    id: '100000000000000000002',
    primaryEmail: ada,
  });
  const { status } = await google.channels.stop({ requestBody: { id: 'one', resourceId: channel.resourceId! } });
  expect([status, directory.run({ do: 'channels' })]).toEqual([204, []]);
});

test('a notification that is answered by 5xx comes again, and copies come as often as asked for', async () => {
  const { resourceId } = await watch('two', 'update');
  answers = [503];
  directory.run({ do: 'unsuspend', user: ada });
  await until('it is told again', () => received.length === 3);
  directory.run({ do: 'setNotifications', copies: 4 });
  directory.run({ do: 'notify', user: ada, event: 'update' });
  await until('it is told four times', () => received.length === 7);
  await google.channels.stop({ requestBody: { id: 'two', resourceId: resourceId! } });
});
