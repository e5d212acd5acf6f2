import { expect, test } from '@jest/globals';
import { createTokenCache } from './token-cache.ts';

const HOUR_MS = 3_600_000;
const account = { customerId: 'acme', version: 1n };

/** A maker of numbered tokens of one hour; `release` lets those that are being made be ready. */
function tokenMaker(nowMs: () => number) {
  let made = 0;
  let release: (() => void)[] = [];
  return {
    make: async () => {
      const accessToken = `token ${++made}`;
      await new Promise<void>((resolve) => release.push(resolve));
      return { accessToken, expireTime: new Date(nowMs() + HOUR_MS) };
    },
    release: () => {
      for (const resolve of release) resolve();
      release = [];
    },
    made: () => made,
  };
}

test('however many ask at once, and whether a new one is forced, one token is made', async () => {
  const maker = tokenMaker(() => 0);
  const cache = createTokenCache(() => 0);
  const asked = [false, true, false, true].map((forceNew) => cache.get(account, forceNew, maker.make));
  maker.release();
  expect(new Set((await Promise.all(asked)).map(({ accessToken }) => accessToken))).toEqual(new Set(['token 1']));
});

test('a token is handed out until 5 minutes before its end, and then one is made for all', async () => {
  let nowMs = 0;
  const maker = tokenMaker(() => nowMs);
  const cache = createTokenCache(() => nowMs);
  const get = async () => {
    const asked = [1, 2, 3].map(() => cache.get(account, false, maker.make));
    maker.release();
    return (await Promise.all(asked)).map(({ accessToken }) => accessToken);
  };
  expect(await get()).toEqual(['token 1', 'token 1', 'token 1']);
  nowMs = HOUR_MS - 300_001;
  expect(await get()).toEqual(['token 1', 'token 1', 'token 1']);
  nowMs += 1;
  expect(await get()).toEqual(['token 2', 'token 2', 'token 2']);
});

test('a new service account gets a token of its own, and the old token is forgotten', async () => {
  const maker = tokenMaker(() => 0);
  const cache = createTokenCache(() => 0);
  for (const version of [1n, 2n, 1n]) {
    const asked = cache.get({ ...account, version }, false, maker.make);
    maker.release();
    await asked;
  }
  expect(maker.made()).toBe(3);
});

test('a refusal is not kept, and after a forced one that failed the old token is not handed out', async () => {
  const maker = tokenMaker(() => 0);
  const cache = createTokenCache(() => 0);
  const first = cache.get(account, false, maker.make);
  maker.release();
  await first;
  await expect(cache.get(account, true, () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  const next = cache.get(account, false, maker.make);
  maker.release();
  expect((await next).accessToken).toBe('token 2');
});
