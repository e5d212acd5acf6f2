import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { claimFolder } from './claim-folder.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'claim-folder-'));
});

afterEach(() => {
  rmSync(dir, { recursive: true });
});

test('a folder whose owner is gone, and whose process id another program has, can be claimed', () => {
  writeFileSync(join(dir, 'network.pid'), `${process.ppid}\nanother program`);
  expect(() => claimFolder(dir)).not.toThrow();
});

test('a folder that is given back can be claimed again', () => {
  const giveBack = claimFolder(dir);
  giveBack();
  expect(() => claimFolder(dir)).not.toThrow();
});

test('a folder with a running owner is refused, and by whom is said', () => {
  claimFolder(dir);
  expect(() => claimFolder(dir)).toThrow(`a network is running in ${dir} already (process ${process.pid})`);
});
