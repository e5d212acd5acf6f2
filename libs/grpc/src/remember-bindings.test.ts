import { expect, test } from '@jest/globals';
import { RoleBinding_Role, type RoleBinding } from '@autoprov/proto';
import { askConfig, rememberBindings } from './remember-bindings.ts';
import { rpcErrorOf } from './rpc-error-of.ts';

const bindings: RoleBinding[] = [
  { name: 'customers/acme/roleBindings/b1', member: 'person:a@x', role: RoleBinding_Role.ROLE_VIEWER },
];

/** Bindings that are remembered, with a clock and a config that a test changes. */
function start() {
  const at = { nowMs: 0, isDown: false, has: bindings, asked: 0 };
  const bindingsOf = rememberBindings(
    async () => {
      at.asked += 1;
      if (at.isDown) throw new Error('config is down');
      return at.has;
    },
    () => at.nowMs,
  );
  return { at, bindingsOf: () => bindingsOf('person:a@x') };
}

test('a role that is taken away is out within 10 seconds', async () => {
  const { at, bindingsOf } = start();
  expect(await bindingsOf()).toEqual(bindings);
  at.has = [];
  at.nowMs = 4_000;
  await bindingsOf();
  // 3 s are left for the question itself.
  at.nowMs = 7_000;
  expect(await bindingsOf()).toEqual([]);
});

test('config is asked once for many calls', async () => {
  const { at, bindingsOf } = start();
  await Promise.all(Array.from({ length: 20 }, bindingsOf));
  at.nowMs = 4_999;
  await bindingsOf();
  expect(at.asked).toBe(1);
});

test('while config is down, the bindings known last count for five minutes and no longer', async () => {
  const { at, bindingsOf } = start();
  await bindingsOf();
  at.isDown = true;
  for (at.nowMs = 5_000; at.nowMs <= 300_000; at.nowMs += 5_000) expect(await bindingsOf()).toEqual(bindings);
  at.nowMs = 300_001;
  expect(rpcErrorOf(await bindingsOf().catch((err: unknown) => err))).toMatchObject({
    reason: 'DEPENDENCY_UNAVAILABLE',
    retryAfterMs: 1_000,
  });
  at.isDown = false;
  expect(await bindingsOf()).toEqual(bindings);
});

test('while config is down, not every call waits for it', async () => {
  const { at, bindingsOf } = start();
  await bindingsOf();
  at.isDown = true;
  at.nowMs = 5_000;
  for (let i = 0; i < 10; i++) await bindingsOf();
  expect(at.asked).toBe(2);
});

test('all pages are asked for, so that no binding is missed', async () => {
  const pages = new Map([
    ['', { roleBindings: bindings, nextPageToken: 'p2' }],
    ['p2', { roleBindings: bindings, nextPageToken: '' }],
  ]);
  const listRoleBindings = async ({ pageToken }: { pageToken: string }) => pages.get(pageToken)!;
  expect(await askConfig({ listRoleBindings })('person:a@x')).toEqual([...bindings, ...bindings]);
});
