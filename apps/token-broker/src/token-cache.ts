import type { DirectoryToken } from './directory-tokens.ts';

/** A token is not handed out in its last minutes: a read that starts with it must be able to end. */
const MARGIN_MS = 300_000;

/** Tokens in memory, and the requests for them that are under way. */
export type TokenCache = {
  /**
   * The token of a service account, with the three scopes or with an extra one alone, made when there is none that lasts, or when `forceNew`. Whoever asks while one is being
   * made gets that one. The expiry of what it answers is when to ask again.
   */
  get(
    account: { customerId: string; version: bigint; extraScope?: string },
    forceNew: boolean,
    make: () => Promise<DirectoryToken>,
  ): Promise<DirectoryToken>;
};

/** An empty cache: one token for each customer and extra scope, that of its newest service account. */
export function createTokenCache(nowMs: () => number = Date.now): TokenCache {
  const held = new Map<string, { version: bigint; making: Promise<DirectoryToken>; token?: DirectoryToken }>();
  return {
    get({ customerId, version, extraScope = '' }, forceNew, make) {
      const key = `${customerId} ${extraScope}`;
      const known = held.get(key);
      if (known?.version === version) {
        const { token, making } = known;
        if (!token || (!forceNew && token.expireTime.getTime() > nowMs())) return making;
      }
      const entry: typeof known = { version, making: make().then(withMargin) };
      held.set(key, entry);
      entry.making.then(
        (token) => (entry.token = token),
        () => held.get(key) === entry && held.delete(key),
      );
      return entry.making;
    },
  };
}

function withMargin({ accessToken, expireTime }: DirectoryToken): DirectoryToken {
  return { accessToken, expireTime: new Date(expireTime.getTime() - MARGIN_MS) };
}
