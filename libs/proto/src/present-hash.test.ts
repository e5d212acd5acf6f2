import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { createPresentHash } from './present-hash.ts';

const hashOf = (users: [string, bigint][]) => {
  const hash = createPresentHash();
  for (const [id, seq] of users) hash.add(id, seq);
  return hash.digest();
};

test('the hash is sha256 over one line for each user: this is a contract between services', () => {
  expect(
    hashOf([
      ['100', 7n],
      ['101', 1790000000000000n],
    ]),
  ).toBe(createHash('sha256').update('100:7\n101:1790000000000000\n').digest('hex'));
});

test('no users hash to sha256 of nothing', () => {
  expect(hashOf([])).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});

test('another seq, a missing user and a shifted border between id and seq each give another hash', () => {
  const hashes = [hashOf([['1', 23n]]), hashOf([['1', 24n]]), hashOf([]), hashOf([['12', 3n]])];
  expect(new Set(hashes).size).toBe(hashes.length);
});

test('ids are ordered by their bytes, as SQL does it with collate "C", not by UTF-16 units', () => {
  expect(() =>
    hashOf([
      ['\uff5e', 1n],
      ['\u{1f600}', 1n],
    ]),
  ).not.toThrow();
  expect(() =>
    hashOf([
      ['b', 1n],
      ['a', 1n],
    ]),
  ).toThrow('bytewise order');
  expect(() =>
    hashOf([
      ['a', 1n],
      ['a', 2n],
    ]),
  ).toThrow('once each');
});
