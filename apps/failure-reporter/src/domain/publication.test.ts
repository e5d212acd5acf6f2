import { expect, test } from '@jest/globals';
import { Failure, Failure_State } from '@autoprov/proto';
import { changeSince, decidePublication, EMAIL_RETRY_MS, type DueFailure } from './publication.ts';

const { STATE_OPEN, STATE_RESOLVED } = Failure_State;
const now = new Date(0);
const fresh: DueFailure = {
  ...Failure.fromPartial({ name: 'failures/a', seq: 5n, state: STATE_OPEN, user: 'customers/acme/users/1' }),
  subject: 'customers/acme/apps/crm/accounts/1',
  publishedSeq: 0n,
  publishedState: undefined,
};
const published: DueFailure = { ...fresh, publishedSeq: 5n, publishedState: STATE_OPEN };

test('a change is published with the address that the directory says', () => {
  expect(decidePublication(fresh, { found: 'ada@acme.test' }, now)).toEqual({
    name: 'failures/a',
    readSeq: 5n,
    seq: 5n,
    primaryEmail: 'ada@acme.test',
    emailRetryTime: undefined,
    published: true,
  });
});

test('a directory that does not answer holds no change up, and is asked again within 10 minutes', () => {
  const publication = decidePublication(fresh, 'unreachable', now);
  expect(publication).toMatchObject({ published: true, primaryEmail: '', emailRetryTime: new Date(EMAIL_RETRY_MS) });
  expect(EMAIL_RETRY_MS).toBeLessThan(10 * 60_000);
});

test('an address found after publication is published under a seq of its own', () => {
  expect(decidePublication(published, { found: 'ada@acme.test' }, now)).toMatchObject({ published: true, seq: 6n });
});

test.each([
  ['the directory knows no such person', published, { found: '' }],
  ['the address is known already', { ...published, primaryEmail: 'ada@acme.test' }, 'unreachable' as const],
  ['the failure has ended', { ...published, state: STATE_RESOLVED }, 'unreachable' as const],
])('nothing is published and nobody asked again when %s', (_, failure, answer) => {
  expect(decidePublication(failure, answer, now)).toMatchObject({ published: false, emailRetryTime: undefined });
});

test('a known address is kept when the directory does not answer or forgot the person', () => {
  const known = { ...fresh, primaryEmail: 'ada@acme.test' };
  expect(decidePublication(known, 'unreachable', now)).toMatchObject({ primaryEmail: 'ada@acme.test' });
  expect(decidePublication(known, { found: '' }, now)).toMatchObject({ primaryEmail: 'ada@acme.test' });
});

test.each([
  [undefined, STATE_OPEN, 'opened'],
  [STATE_OPEN, STATE_OPEN, 'retried'],
  [STATE_RESOLVED, STATE_OPEN, 'reopened'],
  [undefined, STATE_RESOLVED, 'resolved'],
  [STATE_OPEN, Failure_State.STATE_SUPERSEDED, 'superseded'],
])('from %j to %j it was %s', (before, after, change) => expect(changeSince(before, after)).toBe(change));
