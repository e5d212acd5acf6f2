import { inspect } from 'node:util';
import { expect, test } from '@jest/globals';
import { Secret } from './secret.ts';

test('a secret shows as [secret] however it is printed, and reveal gives it out', () => {
  const secret = new Secret('hunter2');
  const printed = [
    ['', secret].join(''),
    String(secret),
    secret + '',
    JSON.stringify({ secret }),
    inspect({ secret }, { showHidden: true }),
  ];
  for (const text of printed) {
    expect(text).toContain('[secret]');
    expect(text).not.toContain('hunter2');
  }
  expect(secret.reveal()).toBe('hunter2');
});
