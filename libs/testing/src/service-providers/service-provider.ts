import { randomBytes } from 'node:crypto';
import { startFront } from './front.ts';
import type { Front } from './front.ts';
import type { Listener, ListenOptions } from './listen-on-loopback.ts';

/**
 * A running service provider that we did not write, behind its front. `stop` throws when a request of our SCIM client was
 * not valid, whatever the provider made of it.
 */
export type ServiceProvider = Front & {
  /** The SCIM base URL, without a trailing slash. */
  baseUrl: string;
  /** The bearer token that it takes. */
  token: string;
};

/** How to start one. */
export type ServiceProviderOptions = ListenOptions & {
  /** Default: a new one. */
  token?: string;
};

/** Starts a provider behind a front; `make` gets the URL that clients see and the token to demand. */
export async function startServiceProvider(
  options: ServiceProviderOptions,
  basePath: string,
  make: (url: string, token: string) => Listener | Promise<Listener>,
): Promise<ServiceProvider> {
  const token = options.token ?? randomBytes(24).toString('base64url');
  const front = await startFront((url) => make(url, token), options);
  return {
    ...front,
    token,
    baseUrl: `${front.url}${basePath}`,
    async stop() {
      await front.stop();
      const invalid = front.invalidRequests();
      if (invalid.length > 0) throw new Error(`the pusher sent invalid SCIM requests:\n${invalid.join('\n')}`);
    },
  };
}
