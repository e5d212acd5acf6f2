import { isIP } from 'node:net';
import { readAllowedHosts, type AllowedHosts } from './allowed-hosts.ts';
import { isPublicAddress } from './public-address.ts';

/** Names that mean something inside somebody's own network only (RFC 6761, RFC 6762, RFC 8375, ICANN's `.internal`). */
const privateNames = /(^|\.)(localhost|localdomain|local|internal|home\.arpa)$/;

const maxUrlChars = 2_048;

/**
 * What is wrong with a SCIM base URL; undefined when it can be used. The URL alone is judged: whether its host resolves to
 * a public address is checked at each connect.
 *
 * @param allowedHosts what the operator allows: see readAllowedHosts
 */
export function checkUrl(text: string, allowedHosts: readonly string[]): string | undefined {
  const example = 'write for example https://api.example.com/scim/v2';
  if (text === '') return `is empty: ${example}`;
  if (text.length > maxUrlChars) return `is longer than ${maxUrlChars} characters: ${example}`;
  if (/\s/.test(text) || !URL.canParse(text)) return `is not a URL: ${example}`;
  const url = new URL(text);
  if (url.protocol !== 'https:') return 'is not https: service providers are called over TLS only';
  // Looked for in the text, too: a URL object does not tell an empty user from none.
  if (url.username !== '' || url.password !== '' || /^[^/:]*:[/\\]*[^/\\?#]*@/.test(text)) {
    return 'holds a user or password: store it as the credential instead';
  }
  if (/[?#]/.test(text)) return 'has a query or fragment: leave out what follows "?" or "#"';
  if (text.endsWith('/')) return 'ends with a slash: leave it out';
  return checkHost(url, readAllowedHosts(allowedHosts));
}

/**
 * Why a host may not be called, as far as its name and port tell; undefined when it may be looked up and connected to.
 *
 * @param host `hostname` of a URL, in brackets or not, and its `port`, empty for 443
 */
export function checkHost(host: { hostname: string; port: string }, allowed: AllowedHosts): string | undefined {
  const { hostname, port } = host;
  if (allowed.allowsHost(hostname, port)) return undefined;
  const operator = 'the platform operator can allow it with SP_ALLOWED_HOSTS';
  const name = hostname.toLowerCase().replace(/\.$/, '');
  const literal = name.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  if (isIP(literal) !== 0) {
    if (!allowed.allowsAddress(literal)) return `names an address instead of a host: ${operator}`;
  } else if (!name.includes('.') || privateNames.test(name)) {
    return `names a host that is not public: ${operator}`;
  }
  if (port !== '' && port !== '443') return `has port ${port}: only 443 is called, ${operator}`;
  return undefined;
}

/** Whether an address that a name resolved to may be connected to. */
export function mayConnect(address: string, allowed: AllowedHosts): boolean {
  return isPublicAddress(address) || allowed.allowsAddress(address);
}
