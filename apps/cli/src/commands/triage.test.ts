import { expect, test } from '@jest/globals';
import { Cause } from '@autoprov/proto';
import { formatCauses } from './triage.ts';

const now = new Date('2026-01-02T03:00:00Z');
const cause: Cause = {
  ...Cause.fromPartial({ causeId: '5d41402abc4b2a76', origin: 'templates/slack', code: '45006', title: 'Too long' }),
  reason: 'VALUE_TOO_LONG',
  pattern: 'userName … is \u202eover …',
  personCount: 8000n,
  appCount: 60n,
  failureCount: 8000n,
  openTime: new Date('2026-01-02T00:00:00Z'),
  whoActs: 'Workspace admin',
  resolution: ['Shorten it.'],
  nextCommand: 'autoprov failures --cause 5d41402abc4b2a76',
};

test('a cause is a line with its id and for how long it is muted, and then what to do', () => {
  const muted = { ...cause, causeId: '0123456789abcdef', muteEndTime: new Date('2026-01-05T03:00:00Z') };
  const lines = formatCauses([cause, muted], 3n, now).split('\n');
  expect(lines[1]).toMatch(
    /^8000 +60 +8000 +45006 +VALUE_TOO_LONG +slack +userName … is over … +3h +Workspace admin +5d41402abc4b2a76 +-$/,
  );
  expect(lines[2]).toMatch(/0123456789abcdef +3d$/);
  expect(lines.slice(3)).toEqual([
    'and 1 more causes',
    '',
    'What to do',
    ...Array.from({ length: 2 }, () => [
      '  45006 Too long',
      '    - Shorten it.',
      '    - who it is about: autoprov failures --cause 5d41402abc4b2a76',
    ]).flat(),
  ]);
});
