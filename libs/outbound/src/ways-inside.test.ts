import { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { request } from 'undici';
import { checkUrl, createOutboundAgent, type ResolveAll } from './index.ts';
import { makeCertificate, startTlsListener, type TlsListener } from './tls-listener.fixture.ts';

// Every way to somebody's inside that we know of. The agent is asked to go each, although checkUrl refuses most before.

/** Hosts of URLs: addresses in every notation, and names that mean the inside. */
const hosts = `
  127.0.0.1 127.0.0.1. 127.1 127.0.1 127.255.255.254 2130706433 017700000001 0177.0.0.1 0x7f000001 0x7f.1 0x7f.0.0.0x1
  0X7F.0X0.0X0.0X1 %31%32%37.0.0.1 ①②⑦.⓪.⓪.① １２７．０．０．１ 127。0。0。1 0 0.0.0.0 0x0
  10.0.0.1 10.1 0xa.0x1 172.16.0.1 172.31.255.254 192.168.0.1 3232235521 192.0.2.1 192.88.99.1 198.18.0.1 198.19.255.254
  198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
  169.254.169.254 2852039166 0xa9fea9fe 0251.0376.0251.0376 169.254.170.2 100.100.100.200 100.64.0.1 100.127.255.254
  168.63.129.16 192.0.0.192
  [::1] [::] [0:0:0:0:0:0:0:1] [::0001] [::127.0.0.1] [::7f00:1] [::a00:1] [::ffff:127.0.0.1] [::ffff:7f00:1]
  [::ffff:10.0.0.1] [::FFFF:A9FE:A9FE] [::ffff:0:127.0.0.1] [64:ff9b::127.0.0.1] [64:ff9b::a9fe:a9fe] [64:ff9b:1::10.0.0.1]
  [2002:7f00:1::] [2002:a9fe:a9fe::1] [2001::1] [2001:0:7f00:1::] [2001:2::1] [2001:10::1] [2001:20::1] [2001:30::1]
  [2001:db8::1] [3fff::1] [5f00::1] [100::1] [100:0:0:1::1] [fe80::1] [fe80::a9fe:a9fe] [fec0::1] [fc00::1]
  [fd00:ec2::254] [fd20:ce::254] [ff02::1] [ff0e::1] [4000::1]
  localhost LOCALHOST localhost. ⓛⓞⓒⓐⓛⓗⓞⓢⓣ crm.localhost localhost.localdomain metadata crm
  metadata.google.internal metadata.google.internal. vault.internal printer.local nas.home.arpa`;

/** Whole URLs. PORT is that of the listener. */
const urls = [
  ...hosts
    .trim()
    .split(/\s+/)
    .map((host) => `https://${host}/scim`),
  ...['127.0.0.1', 'localhost', '[::1]', '2130706433', '[::ffff:127.0.0.1]'].map((host) => `https://${host}:PORT/scim`),
  'http://127.0.0.1:PORT/scim',
  'http://localhost:PORT/scim',
  'http://[::1]:PORT/scim',
  'https:127.0.0.1/scim',
  'https:/127.0.0.1/scim',
  'https:\\\\127.0.0.1\\scim',
  'https://127.0.0.1\\@api.example.com',
  'https://api.example.com@127.0.0.1/scim',
  'https://api.example.com:443@127.0.0.1/scim',
  'https://@127.0.0.1/scim',
  'https://127.0.0.1#@api.example.com',
  'https://127.0.0.1?@api.example.com',
  'https://127.0.0.1:443#:PORT',
  'https://127\t.0.0.1/scim',
  'https://[fe80::1%25lo]/scim',
  'https://[::1%lo]/scim',
  'https://127.0.0.1%00.example.com/',
  'https://127.0.0.1:0/scim',
  'https://127.0.0.1:22/scim',
  'https://999.0.0.1/scim',
  'file:///etc/passwd',
  'gopher://127.0.0.1/',
  // Names outside, which the resolver of these tests answers with 127.0.0.1.
  'http://api.example.com/scim',
  'https://api.example.com:PORT/scim',
  'https://api.example.com:8443/scim',
];

/** What a name outside resolves to. Where one address is public, nothing may be sent there either. */
const answers = `
  127.0.0.1 ::1 0.0.0.0 :: 10.0.0.1 172.20.0.1 192.168.1.1 100.100.100.200 169.254.169.254 168.63.129.16 224.0.0.1
  255.255.255.255 fd00:ec2::254 fe80::1 fe80::1%lo ::1%lo ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::127.0.0.1 64:ff9b::a00:1
  64:ff9b:1::a00:1 2002:a00:1::1 2001:0:a00:1::1 , no-address
  8.8.8.8,127.0.0.1 127.0.0.1,8.8.8.8 8.8.8.8,::1 2606:4700::1111,10.0.0.1 8.8.8.8,8.8.8.8,0.0.0.0 8.8.8.8,`
  .trim()
  .split(/\s+/);

let ca: string;
let listeners: TlsListener[];
let port: number;
/** Connections that Node began, wherever to: none may have been tried. */
let attempts: string[] = [];
let connectInstead: { port?: number; remoteAddress?: string } = {};

beforeAll(async () => {
  const tls = await makeCertificate();
  const first = await startTlsListener(tls);
  ({ ca } = tls);
  ({ port } = first);
  listeners = [first, await startTlsListener(tls, { address: '::1', port })];
});
afterAll(async () => {
  for (const listener of listeners) await listener.stop();
});

/** What reached the listeners so far. */
function countsNow(): [connections: number, requests: number] {
  const sum = (key: 'connections' | 'requests') => listeners.reduce((total, { counts }) => total + counts[key], 0);
  return [sum('connections'), sum('requests')];
}

const connect = Object.getOwnPropertyDescriptor(Socket.prototype, 'connect')!.value as typeof Socket.prototype.connect;
beforeEach(() => {
  for (const { counts } of listeners) Object.assign(counts, { connections: 0, requests: 0 });
  [attempts, connectInstead] = [[], {}];
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
    this.on('connectionAttempt', (address, to) => attempts.push(`${address}:${to}`));
    const { remoteAddress, ...options } = connectInstead;
    if (remoteAddress !== undefined) Object.defineProperty(this, 'remoteAddress', { value: remoteAddress });
    Object.assign(args.flat()[0]!, options);
    return connect.apply(this, args as Parameters<typeof connect>);
  } as typeof connect;
});
afterEach(() => {
  Socket.prototype.connect = connect;
});

/** What came of asking the agent to call a URL: a status, or the code of the error. */
async function call(url: string, addresses: readonly string[] = ['127.0.0.1'], allowedHosts: string[] = []) {
  const resolveAll: ResolveAll = (_, __, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  const agent = createOutboundAgent({ allowedHosts, ca, timeoutMs: 2_000, resolveAll });
  try {
    const answer = await request(url, { dispatcher: agent });
    await answer.body.dump();
    return answer.statusCode;
  } catch (err) {
    return (err as { code?: string }).code;
  } finally {
    await agent.destroy();
  }
}

test('the same listener is reached, and the try is seen, where the operator allows its host', async () => {
  expect(await call(`https://localhost:${port}/`, ['127.0.0.1'], ['localhost'])).toBe(200);
  expect(await call(`https://127.0.0.1:${port}/`, [], [`127.0.0.1:${port}`])).toBe(200);
  expect(attempts).toEqual([`127.0.0.1:${port}`, `127.0.0.1:${port}`]);
  expect(countsNow()).toEqual([2, 2]);
});

describe(`of ${urls.length + answers.length + 2} ways inside none connects`, () => {
  test.each(urls.map((url) => url.replace('PORT', '8443')))('checkUrl refuses %j', (url) => {
    expect(checkUrl(url, [])).toEqual(expect.any(String));
  });

  test.each(urls)('the agent does not call %j', async (url) => {
    const code = await call(url.replace('PORT', String(port)));
    expect(['ERR_FORBIDDEN_ADDRESS', 'ERR_INVALID_URL', 'UND_ERR_INVALID_ARG']).toContain(code);
    expect(attempts).toEqual([]);
    expect(countsNow()).toEqual([0, 0]);
  });

  test.each(answers.map((addresses) => [addresses]))(
    'the agent does not connect to a name of %j',
    async (addresses) => {
      expect(checkUrl('https://api.example.com/scim', [])).toBeUndefined();
      expect(await call('https://api.example.com/scim', addresses === ',' ? [] : addresses.split(','))).toBe(
        'ERR_FORBIDDEN_ADDRESS',
      );
      expect(attempts).toEqual([]);
      expect(countsNow()).toEqual([0, 0]);
    },
  );

  test('a name that is outside when it is checked and inside when it is connected to is refused', async () => {
    const changing = [['8.8.8.8'], ['127.0.0.1'], ['::1']];
    const resolveAll: ResolveAll = (_, __, callback) =>
      callback(
        null,
        changing.shift()!.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    // The first answer is used up by somebody's check, as every client makes it that checks before it connects.
    await new Promise<void>((resolve) => resolveAll('api.example.com', { all: true }, () => resolve()));
    const agent = createOutboundAgent({ allowedHosts: [], ca, timeoutMs: 2_000, resolveAll });
    for (const _ of [1, 2]) {
      const asked = request('https://api.example.com/scim', { dispatcher: agent });
      await expect(asked).rejects.toMatchObject({ code: 'ERR_FORBIDDEN_ADDRESS' });
    }
    await agent.destroy();
    expect(attempts).toEqual([]);
  });

  test('a connection that ended up inside all the same is cut before anything is written to it', async () => {
    connectInstead = { port };
    expect(await call('https://127.0.0.1/', [], ['127.0.0.0/8'])).toBe(200);
    connectInstead = { port, remoteAddress: '10.0.0.1' };
    expect(await call('https://127.0.0.1/', [], ['127.0.0.0/8'])).toBe('ERR_FORBIDDEN_ADDRESS');
    expect(countsNow()).toEqual([2, 1]);
  });
});
