import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';

/** The range of protocol versions a broker serves for one API. */
export type ApiVersionRange = { min: number; max: number };

const apiVersionsKey = 18;

/**
 * Asks one broker ("host:port") which protocol versions it serves, by API key (ApiVersions v0, KIP-35).
 * Over a socket of its own, because kafkajs keeps the lower bounds to itself. Brokers answer it before SASL.
 */
export async function fetchApiVersions(
  broker: string,
  { timeoutMs, tls }: { timeoutMs: number; tls?: ConnectionOptions | undefined },
): Promise<Map<number, ApiVersionRange>> {
  const { hostname: host, port } = new URL(`kafka://${broker}`);
  const target = { host, port: Number(port), ...(!isIP(host) && { servername: host }) };
  const socket = tls ? connectTls({ ...target, ...tls }) : connectTcp(target);
  const timer = setTimeout(
    () => socket.destroy(new Error(`${broker} did not answer within ${timeoutMs} ms`)),
    timeoutMs,
  );
  try {
    socket.write(apiVersionsRequest());
    let answer = Buffer.alloc(0);
    for await (const chunk of socket) {
      answer = Buffer.concat([answer, chunk as Buffer]);
      if (answer.length >= 4 && answer.length >= 4 + answer.readInt32BE(0)) return parseApiVersions(answer);
    }
    throw new Error(`${broker} closed the connection: is it a Kafka listener, and of this kind (TLS or not)?`);
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

function apiVersionsRequest(): Buffer {
  const clientId = 'autoprov';
  const request = Buffer.alloc(4 + 2 + 2 + 4 + 2 + clientId.length);
  request.writeInt32BE(request.length - 4, 0);
  request.writeInt16BE(apiVersionsKey, 4); // then two bytes of version and four of correlation id, all zero
  request.writeInt16BE(clientId.length, 12);
  request.write(clientId, 14);
  return request;
}

function parseApiVersions(answer: Buffer): Map<number, ApiVersionRange> {
  const errorCode = answer.readInt16BE(8);
  if (errorCode !== 0) throw new Error(`the broker refused ApiVersions v0 with error code ${errorCode}`);
  const ranges = new Map<number, ApiVersionRange>();
  for (let i = 0, at = 14; i < answer.readInt32BE(10); i++, at += 6) {
    ranges.set(answer.readInt16BE(at), { min: answer.readInt16BE(at + 2), max: answer.readInt16BE(at + 4) });
  }
  return ranges;
}
