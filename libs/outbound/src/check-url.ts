import { isIP } from 'node:net';

const HTTPS_PORT = '';
/** Names that resolve inside somebody's own network (RFC 6761, RFC 6762, ICANN's `.internal`). */
const privateNames = /(^|\.)(localhost|local|internal)$/;

/**
 * What is wrong with a SCIM base URL; undefined when it can be used. The URL alone is judged: whether its host resolves to
 * a public address is checked by the pusher at each connect.
 *
 * @param allowedHosts `host` or `host:port` that are allowed whatever they are
 */
export function checkUrl(text: string, allowedHosts: readonly string[]): string | undefined {
  const example = 'write for example https://api.example.com/scim/v2';
  if (text === '') return `is empty: ${example}`;
  if (/\s/.test(text) || !URL.canParse(text)) return `is not a URL: ${example}`;
  const url = new URL(text);
  if (url.protocol !== 'https:') return 'is not https: service providers are called over TLS only';
  if (url.username !== '' || url.password !== '') return 'holds a user or password: store it as the credential instead';
  // Looked for in the text: a URL object does not tell "?" from nothing.
  if (/[?#]/.test(text)) return 'has a query or fragment: leave out what follows "?" or "#"';
  if (text.endsWith('/')) return 'ends with a slash: leave it out';
  if (isAllowedHost(url, allowedHosts)) return undefined;
  return checkPublicHost(url);
}

/** Whether the operator allows a host whatever it is, as `host` or `host:port`. */
export function isAllowedHost({ hostname, port }: URL, allowedHosts: readonly string[]): boolean {
  return allowedHosts.includes(hostname) || allowedHosts.includes(`${hostname}:${port || '443'}`);
}

function checkPublicHost({ hostname, port }: URL): string | undefined {
  const operator = 'the platform operator can allow it with SP_ALLOWED_HOSTS';
  const host = hostname.replace(/\.$/, '');
  if (isIP(host.replace(/^\[|\]$/g, '')) !== 0) return `names an address instead of a host: ${operator}`;
  if (!host.includes('.') || privateNames.test(host)) return `names a host that is not public: ${operator}`;
  if (port !== HTTPS_PORT) return `has port ${port}: only 443 is called, ${operator}`;
  return undefined;
}
