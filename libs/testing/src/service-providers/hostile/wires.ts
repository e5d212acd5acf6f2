import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import { answerForever, answerJson, answerRaw, type Hostility } from './hostility.ts';

const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/scim+json\r\n';
const megabyte = 1024 * 1024;
const bombBytes = 16 * megabyte;

function bomb(name: string, encoding: string, compress: (bytes: Buffer) => Buffer): Hostility {
  let packed: Buffer | undefined;
  return {
    name,
    answer(response) {
      packed ??= compress(Buffer.alloc(bombBytes, ' '));
      answerJson(response, packed, { headers: { 'content-encoding': encoding } });
    },
  };
}

function redirect(name: string, status: number, location: (path: string) => string): Hostility {
  return {
    name,
    answer: (response, { url = '/' }) => void response.writeHead(status, { location: location(url) }).end(),
  };
}

/** Answers that are wrong as HTTP, or as bytes. */
export const wires: readonly Hostility[] = [
  { name: 'no answer', answer: () => {} },
  { name: 'reset before the answer', answer: ({ socket }) => void socket!.resetAndDestroy() },
  { name: 'reset within the status', answer: (response) => answerRaw(response, 'HTTP/1.1 20', 'reset') },
  { name: 'reset within a header', answer: (response) => answerRaw(response, `${head}x-tra`, 'reset') },
  {
    name: 'reset within the body',
    answer: (response) => answerRaw(response, `${head}content-length: 9\r\n\r\n{`, 'reset'),
  },
  { name: 'an end before its length', answer: (response) => answerRaw(response, `${head}content-length: 9\r\n\r\n{}`) },
  {
    name: 'more than its length',
    answer: (response) => answerRaw(response, `${head}content-length: 2\r\n\r\n{}{"more":1}`, 'stay'),
  },
  {
    name: 'a second answer that nobody asked for',
    answer: (response) =>
      answerRaw(response, `${head}content-length: 2\r\n\r\n{}${head}content-length: 2\r\n\r\n[]`, 'stay'),
  },
  {
    name: 'two lengths',
    answer: (response) =>
      answerRaw(response, `${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`),
  },
  {
    name: 'a chunk shorter than it says',
    answer: (response) => answerRaw(response, `${head}transfer-encoding: chunked\r\n\r\n5\r\n{}\r\n0\r\n\r\n`),
  },
  {
    name: 'a chunk of 2^63 bytes',
    answer: (response) =>
      answerForever(response, ' '.repeat(65_536), `${head}transfer-encoding: chunked\r\n\r\n7fffffffffffffff\r\n`),
  },
  {
    name: 'a chunk extension without end',
    answer: (response) => answerForever(response, 'x'.repeat(65_536), `${head}transfer-encoding: chunked\r\n\r\n1;`),
  },
  {
    name: 'trailers without end',
    answer: (response) =>
      answerForever(
        response,
        'x-trailer: y\r\n'.repeat(4_000),
        `${head}transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n`,
      ),
  },
  { name: 'headers without end', answer: (response) => answerForever(response, 'x-flood: y\r\n'.repeat(4_000), head) },
  {
    name: 'two thousand headers',
    answer: (response) =>
      answerRaw(response, `${head}${Array.from({ length: 2_000 }, (_, i) => `x-${i}: y\r\n`).join('')}\r\n{}`),
  },
  {
    name: 'a header of 1 MB',
    answer: (response) => answerRaw(response, `${head}x-long: ${'y'.repeat(megabyte)}\r\n\r\n{}`),
  },
  {
    name: 'a header without end',
    answer: (response) => answerForever(response, 'y'.repeat(65_536), `${head}x-long: `),
  },
  {
    name: 'informational answers without end',
    answer: (response) =>
      answerForever(response, 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n', 'HTTP/1.1 103 Early Hints\r\n\r\n'),
  },
  {
    name: '100 Continue that nobody expects, then nothing',
    answer: (response) => answerRaw(response, 'HTTP/1.1 100 Continue\r\n\r\n', 'stay'),
  },
  {
    name: 'another protocol',
    answer: (response) =>
      answerRaw(response, 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n', 'stay'),
  },
  { name: 'HTTP/1.0 without a length', answer: (response) => answerRaw(response, 'HTTP/1.0 200 OK\r\n\r\n{"half":') },
  { name: 'HTTP/9.9', answer: (response) => answerRaw(response, 'HTTP/9.9 200 OK\r\n\r\n{}') },
  { name: 'no HTTP', answer: (response) => answerRaw(response, 'SSH-2.0-OpenSSH_9.9\r\n') },
  {
    name: 'status 999',
    answer: (response) => answerRaw(response, 'HTTP/1.1 999 Strange\r\ncontent-length: 2\r\n\r\n{}'),
  },
  {
    name: 'a body without end',
    answer: (response) => answerForever(response.writeHead(200), '{"Resources":['.repeat(4_000)),
  },
  {
    name: 'a body of 1 GB',
    answer: (response) =>
      answerForever(response.writeHead(200, { 'content-length': String(1024 * megabyte) }), ' '.repeat(65_536)),
  },
  {
    name: 'one byte at a time',
    answer(response) {
      response.writeHead(200, { 'content-type': 'application/scim+json' });
      const drip = setInterval(() => response.write(' '), 50);
      response.once('close', () => clearInterval(drip));
    },
  },
  bomb('a gzip bomb', 'gzip', gzipSync),
  bomb('a deflate bomb', 'deflate', deflateSync),
  bomb('a brotli bomb', 'br', (bytes) =>
    brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
  ),
  {
    name: 'says gzip and is none',
    answer: (response) => answerJson(response, '<>', { headers: { 'content-encoding': 'gzip' } }),
  },
  redirect('a redirect to the metadata of a cloud', 302, () => 'http://169.254.169.254/latest/meta-data/'),
  redirect('a redirect to this machine', 307, () => 'http://127.0.0.1:1/'),
  redirect('a redirect to itself', 308, (path) => path),
];
