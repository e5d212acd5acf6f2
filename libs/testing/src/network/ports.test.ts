import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { choosePorts } from './ports.ts';

test('ports are the same the next time, but for one that is busy by then', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'ports-'));
  const file = join(dir, 'ports.json');
  const names = ['one', 'two', 'three'] as const;
  const first = await choosePorts(names, file);
  expect(new Set(Object.values(first)).size).toBe(3);
  const busy = createServer().listen(first.two, '127.0.0.1');
  await once(busy, 'listening');
  const second = await choosePorts(names, file);
  expect(second).toMatchObject({ one: first.one, three: first.three });
  expect(second.two).not.toBe(first.two);
  busy.close();
  rmSync(dir, { recursive: true });
});
