import { Agent, request } from 'undici';

/** What was answered; `body` is the parsed JSON, or undefined without one. */
export type JsonAnswer = { status: number; headers: Record<string, string | string[] | undefined>; body: unknown };

/** Sends one request and reads a JSON answer, for tests and judges: no retries, nothing interpreted. */
export async function exchangeJson(
  url: string,
  options: {
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
    headers?: Record<string, string>;
    body?: unknown;
    /** The PEM certificate of the authority that signed the server's; absent: one that the machine trusts. */
    ca?: string | undefined;
  },
): Promise<JsonAnswer> {
  const { method, headers, body, ca } = options;
  const dispatcher = new Agent(ca === undefined ? {} : { connect: { ca } });
  try {
    const answer = await request(url, {
      method,
      dispatcher,
      ...(headers && { headers }),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, headers: answer.headers, body: text === '' ? undefined : JSON.parse(text) };
  } finally {
    await dispatcher.close();
  }
}
