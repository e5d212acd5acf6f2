import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** What a request asks for. */
export type Asked = 'config' | 'schemas' | 'list' | 'find' | 'read' | 'create' | 'change';

/** One way to misbehave. */
export type Hostility = {
  name: string;
  /** To which requests; all others are answered as SCIM says. Default: to all. */
  on?: readonly Asked[];
  answer: (response: ServerResponse, request: IncomingMessage) => void | Promise<void>;
};

export const userUrn = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const listUrn = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
export const errorUrn = 'urn:ietf:params:scim:api:messages:2.0:Error';

/** Answers with JSON, or with a text that says it is. */
export function answerJson(
  response: ServerResponse,
  body: object | string | Buffer,
  { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
): void {
  const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/scim+json', ...headers }).end(bytes);
}

/** Writes what is no HTTP of Node's making. */
export function answerRaw(response: ServerResponse, text: string, then: 'end' | 'reset' | 'stay' = 'end'): void {
  const socket = response.socket!;
  socket.write(text, 'latin1', () => {
    if (then === 'reset') socket.resetAndDestroy();
    if (then === 'end') socket.destroySoon();
  });
}

/** Writes the same without end, as fast as it is read; by the socket itself, where a text for it comes first. */
export async function answerForever(response: ServerResponse, chunk: string, rawStart?: string): Promise<void> {
  const target = rawStart === undefined ? response : response.socket!;
  if (rawStart !== undefined) response.socket!.write(rawStart, 'latin1');
  // It ends when the client hangs up.
  await pipeline(Readable.from(repeat(Buffer.from(chunk))), target).catch(() => {});
}

function* repeat(chunk: Buffer): Generator<Buffer> {
  for (;;) yield chunk;
}
