import { Agent, request } from 'undici';

const HOPS_AT_MOST = 12;

/**
 * Goes to an authorization URL as a browser does: with cookies, following redirects of `origin`, answering its pages.
 *
 * @returns the URL that the person is sent to in the end, outside `origin`
 * @throws when a page comes that is no interaction, such as an error page; its text is in the message
 */
export async function browse(
  authorizationUrl: string,
  { origin, ca, decision }: { origin: string; ca: string | undefined; decision: 'agree' | 'refuse' },
): Promise<string> {
  const agent = new Agent({ connect: { ...(ca !== undefined && { ca }) } });
  const cookies = new Map<string, string>();
  try {
    let url = new URL(authorizationUrl);
    for (let hop = 0; hop < HOPS_AT_MOST; hop++) {
      if (url.origin !== origin) return url.href;
      const isPage = url.pathname.startsWith('/interaction/');
      const answer = await request(url, {
        dispatcher: agent,
        method: isPage ? 'POST' : 'GET',
        headers: {
          cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
          ...(isPage && { 'content-type': 'application/x-www-form-urlencoded' }),
        },
        ...(isPage && { body: `decision=${decision}` }),
      });
      const page = await answer.body.text();
      keepCookies(cookies, answer.headers['set-cookie']);
      const location = answer.headers['location'];
      if (typeof location !== 'string')
        throw new Error(`${url.pathname} is the end of the way: ${answer.statusCode} ${page}`);
      url = new URL(location, url);
    }
    throw new Error(`${authorizationUrl} redirects without end`);
  } finally {
    await agent.destroy();
  }
}

function keepCookies(cookies: Map<string, string>, setCookie: string | string[] | undefined): void {
  for (const cookie of [setCookie ?? []].flat()) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
    if (name === undefined) continue;
    if (value) cookies.set(name, value);
    else cookies.delete(name);
  }
}
