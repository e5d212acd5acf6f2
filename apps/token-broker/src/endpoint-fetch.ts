import type { CustomFetch } from 'openid-client';
import { fetch, type Dispatcher } from 'undici';
import { ForbiddenAddressError } from '@autoprov/outbound';
import type { EndpointAnswer } from './domain/token-answer.ts';

const ANSWER_BYTES_AT_MOST = 256 * 1024;

/**
 * The way to an authorization server's endpoints for openid-client: through `dispatcher`, which checks addresses, with
 * no redirects and a body of limited size.
 *
 * @param onAnswer told of every answer: the library's errors do not hold what is needed to judge it
 */
export function createEndpointFetch(dispatcher: Dispatcher, onAnswer: (answer: EndpointAnswer) => void): CustomFetch {
  return async (url, { body, headers, method, signal }) => {
    try {
      const answer = await fetch(url, {
        dispatcher,
        method,
        headers,
        redirect: 'manual',
        ...(body !== undefined && body !== null && { body: String(body as URLSearchParams) }),
        ...(signal && { signal }),
      });
      const text = await readCapped(answer.body);
      const { status } = answer;
      onAnswer({ status, headers: Object.fromEntries(answer.headers), body: text });
      return new Response(withoutIdToken(text) || null, { status, headers: [...answer.headers] });
    } catch (err) {
      onAnswer(transportErrorOf(err));
      throw err;
    }
  };
}

async function readCapped(body: AsyncIterable<Uint8Array> | null): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_AT_MOST) {
      throw Object.assign(new Error('the answer is too large'), { code: 'ANSWER_TOO_LARGE' });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** An ID token is about the person who agreed. Nobody here asks for one or uses it, and without keys it proves nothing. */
function withoutIdToken(text: string): string {
  try {
    const { id_token: _, ...rest } = JSON.parse(text) as Record<string, unknown>;
    return Array.isArray(rest) ? text : JSON.stringify(rest);
  } catch {
    return text;
  }
}

/** Only codes and our own words: messages of libraries may hold what was sent. */
function transportErrorOf(err: unknown): EndpointAnswer {
  const { name, code, cause } = err as { name?: string; code?: unknown; cause?: { code?: unknown } };
  if (cause instanceof ForbiddenAddressError) return { transportError: cause.code, advice: cause.message };
  if (name === 'TimeoutError') return { transportError: 'TIMEOUT' };
  const known = [code, cause?.code].find((one) => typeof one === 'string');
  return { transportError: String(known ?? 'CONNECTION_FAILED') };
}
