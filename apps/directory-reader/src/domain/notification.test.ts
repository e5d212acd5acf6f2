import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hashToken, isToken, readNotificationHeaders, readUserId } from './notification.ts';

const digits = fc.stringMatching(/^[1-9]\d{0,29}$/);

test('an id is read digit by digit, whether it comes as a number or as a string', () => {
  fc.assert(
    fc.property(digits, (id) => {
      expect(readUserId(`{"kind":"admin#directory#user","id":${id}}`)).toBe(id);
      expect(readUserId(JSON.stringify({ id, primaryEmail: 'ada@example.com' }))).toBe(id);
    }),
  );
});

test.each([
  '',
  'null',
  '[]',
  '"1"',
  '{}',
  '{"id":null}',
  '{"id":"ada@example.com"}',
  '{"id":1e30}',
  '{"id":-1}',
  '{"id":"1/../2"}',
])('%s names nobody', (body) => expect(readUserId(body)).toBeUndefined());

test('whatever comes is read without an error, and only digits are taken', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.anything().map((value) => JSON.stringify({ id: value }) ?? ''),
      ),
      (body) => {
        expect(readUserId(body) ?? '0').toMatch(/^\d{1,30}$/);
      },
    ),
  );
});

test('no token but the right one is taken', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string(), (token, other) => {
      expect(isToken(token, hashToken(token))).toBe(true);
      expect(isToken(other, hashToken(token))).toBe(other === token);
    }),
  );
});

test('headers without a channel id of ours are none of a notification', () => {
  const id = '01234567-89ab-cdef-0123-456789abcdef';
  const rest = { 'x-goog-channel-token': 't', 'x-goog-resource-state': 'add' };
  expect(readNotificationHeaders({ 'x-goog-channel-id': id, ...rest })).toEqual({
    channelId: id,
    token: 't',
    state: 'add',
  });
  expect(readNotificationHeaders({ 'x-goog-channel-id': id })).toEqual({ channelId: id, token: '', state: '' });
  for (const wrong of [undefined, '', `${id}0`, [id, id], "' or true"]) {
    expect(readNotificationHeaders({ 'x-goog-channel-id': wrong, ...rest })).toBeUndefined();
  }
});
