import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { request } from 'undici';
import { createOutboundAgent } from './index.ts';
import { makeCertificate, startTlsListener, type TlsListener } from './tls-listener.fixture.ts';

let tls: Awaited<ReturnType<typeof makeCertificate>>;
const started: { stop(): Promise<void> }[] = [];
beforeAll(async () => {
  tls = await makeCertificate();
});
afterEach(async () => {
  for (const one of started.splice(0).reverse()) await one.stop();
});

async function listen(...args: Parameters<typeof startTlsListener>): Promise<TlsListener> {
  const listener = await startTlsListener(...args);
  started.push(listener);
  return listener;
}

function call({ port }: TlsListener) {
  const agent = createOutboundAgent({ allowedHosts: ['127.0.0.1'], ca: tls.ca, timeoutMs: 2_000 });
  started.push({ stop: () => agent.destroy() });
  return request(`https://127.0.0.1:${port}/scim`, { dispatcher: agent });
}

test.each([301, 302, 303, 307, 308])('a redirect (%i) is answered, not followed', async (status) => {
  const inside = await listen(tls);
  const listener = await listen(tls, {
    answer: (_, response) => response.writeHead(status, { location: `https://127.0.0.1:${inside.port}/` }).end(),
  });
  expect((await call(listener)).statusCode).toBe(status);
  expect(inside.counts.connections).toBe(0);
});

/** What comes of asking in a process whose environment says the worst. */
async function callUnder(env: Record<string, string>, ca: string, listeners: TlsListener[]): Promise<unknown> {
  const script = new URL('call-as-process.fixture.ts', import.meta.url).pathname;
  const urls = listeners.map(({ port }) => `https://127.0.0.1:${port}/scim`);
  const args = ['--conditions=@autoprov/source', '--disable-warning=ExperimentalWarning', script, ca, ...urls];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...env } });
  return JSON.parse(stdout);
}

test('TLS below 1.2, and headers over 16 KB, are refused, whatever the environment says', async () => {
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
  const listeners = [
    await listen({ ...tls, ...old }),
    await listen(tls, {
      answer: (_, response) => response.writeHead(200, { 'x-bomb': 'x'.repeat(17 * 1024) }).end('{}'),
    }),
    await listen(tls),
  ];
  const options = '--tls-min-v1.0 --tls-cipher-list=DEFAULT@SECLEVEL=0 --max-http-header-size=1000000';
  const results = await callUnder({ NODE_OPTIONS: options }, tls.ca, listeners);
  expect(results).toEqual([expect.stringMatching(/SSL|TLS|EPROTO/), 'UND_ERR_HEADERS_OVERFLOW', 200]);
  expect(listeners[0]!.counts).toEqual({ connections: 1, requests: 0 });
});

test('a certificate of an unknown authority is refused, whatever the environment says', async () => {
  const listener = await listen(tls);
  const results = await callUnder({ NODE_TLS_REJECT_UNAUTHORIZED: '0' }, '', [listener]);
  expect(results).toEqual([expect.stringMatching(/CERT|VERIFY/)]);
  expect(listener.counts.requests).toBe(0);
});

test('a proxy of the environment is not used', async () => {
  const [listener, proxy] = [await listen(tls), await listen(tls)];
  const names = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'HTTP_PROXY', 'http_proxy'];
  const env = Object.fromEntries(names.map((name) => [name, `http://127.0.0.1:${proxy.port}`]));
  expect(await callUnder({ ...env, NODE_USE_ENV_PROXY: '1' }, tls.ca, [listener])).toEqual([200]);
  expect(proxy.counts.connections).toBe(0);
});

test('a range that is none is refused at once, with what to write', () => {
  for (const entry of ['10.0.0.0/99', '10.0.0.0/0', 'example.com/8', '/8', '10.0.0.0/8/8', '::/129']) {
    expect(() => createOutboundAgent({ allowedHosts: [entry], timeoutMs: 1_000 })).toThrow(/no range of addresses/);
  }
});

test('an answer without end is cut, whichever part of it that is', async () => {
  const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;';
  const listener = await listen(tls, {
    answer(_, { socket }) {
      const flood = () => {
        while (socket!.write('x'.repeat(65_536)));
      };
      socket!
        .on('drain', flood)
        .on('error', () => {})
        .write(head);
      flood();
    },
  });
  const { body } = await call(listener);
  await expect(body.text()).rejects.toMatchObject({ code: 'UND_ERR_BODY_TOO_LARGE' });
});

test('many answers over one connection are not taken for one without end', async () => {
  const listener = await listen(tls, { answer: (_, response) => response.end('x'.repeat(1_500_000)) });
  const agent = createOutboundAgent({ allowedHosts: ['127.0.0.1'], ca: tls.ca, timeoutMs: 10_000 });
  started.push({ stop: () => agent.destroy() });
  for (let i = 0; i < 20; i++) {
    const { body } = await request(`https://127.0.0.1:${listener.port}/scim`, { dispatcher: agent });
    expect(await body.text()).toHaveLength(1_500_000);
  }
  expect(listener.counts.connections).toBeLessThanOrEqual(2);
});
