import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { errorUrn, parseErrorBody } from './index.ts';

describe('envelopes', () => {
  const cases: [string, string, object][] = [
    [
      'SCIM',
      `{"schemas":["${errorUrn}"],"status":"409","scimType":"uniqueness","detail":"taken"}`,
      { status: 409, scimType: 'uniqueness', detail: 'taken', isScimError: true },
    ],
    [
      'other case and numbers',
      `{"Schemas":["${errorUrn}"],"STATUS":409,"ScimType":"uniqueness","Detail":"taken"}`,
      { status: 409, scimType: 'uniqueness', detail: 'taken', isScimError: true },
    ],
    [
      'schema instead of schemas',
      `{"schema":["${errorUrn}"],"status":"400","detail":"no"}`,
      { status: 400, detail: 'no', isScimError: true },
    ],
    [
      'Errors with a description',
      '{"Errors":{"description":"long_username","code":400}}',
      { status: 400, detail: 'long_username' },
    ],
    [
      'nested response',
      `{"status":400,"response":{"schemas":["${errorUrn}"],"status":400,"scimType":"invalidPath","detail":"no path"}}`,
      { scimType: 'invalidPath', detail: 'no path', isScimError: true },
    ],
    [
      'list of field errors',
      '{"code":300,"message":"Validation Failed.","errors":[{"field":"email","message":"Invalid field."}]}',
      { detail: 'Validation Failed.; email: Invalid field.' },
    ],
    [
      'list at the top',
      '[{"errorCode":"INVALID_SESSION_ID","message":"Session expired"}]',
      { detail: 'Session expired' },
    ],
    [
      'type and code',
      '{"type":"error","status":403,"code":"forbidden","message":"Access denied","help_url":"https://x.example/rate-limit"}',
      { status: 403, detail: 'Access denied' },
    ],
    ['error object', '{"error":{"message":"User not found"}}', { detail: 'User not found' }],
    [
      'messages by field',
      '{"errors":{"email":["is invalid","is taken"]}}',
      { detail: 'email: is invalid; email: is taken' },
    ],
    [
      'problem details',
      '{"type":"about:blank","title":"Unprocessable","status":422,"detail":"department: unknown"}',
      { status: 422, detail: 'Unprocessable; department: unknown' },
    ],
    ['the word null as detail', `{"schemas":["${errorUrn}"],"status":"400","detail":"null"}`, { status: 400 }],
    [
      'truncated JSON',
      `{"schemas":["${errorUrn}"],"status":"409","scimType":"uniqueness","detail":"already ex`,
      { kind: 'broken_json', status: 409, scimType: 'uniqueness', detail: 'already ex', isScimError: true },
    ],
    ['text', 'Unauthorized', { kind: 'text', detail: 'Unauthorized' }],
    [
      'HTML',
      '\n<!DOCTYPE html><html><title>502 Bad Gateway</title></html>',
      { kind: 'markup', detail: '502 Bad Gateway' },
    ],
    ['nothing', '  ', { kind: 'empty', text: '' }],
  ];
  test.each(cases)('%s is understood', (_, body, expected) => {
    expect(parseErrorBody(body)).toMatchObject(expected);
  });

  test('help links and trace ids are no words about the cause', () => {
    const body =
      '{"message":"no","documentation_url":"https://x.example/rate-limit","requestId":"quota","trace":"throttled"}';
    expect(parseErrorBody(body).text).toBe('no');
  });
});

test('arbitrary bytes under any content type never throw, and stay below the cap', () => {
  const bytes = fc.uint8Array({ maxLength: 300 }).map((value) => new TextDecoder('latin1').decode(value));
  const cutJson = fc.tuple(fc.json(), fc.nat()).map(([json, at]) => json.slice(0, at % (json.length + 1)));
  fc.assert(
    fc.property(fc.oneof(bytes, cutJson, fc.string({ unit: 'binary' })), fc.string(), (body, contentType) => {
      expect(parseErrorBody(body, contentType).text.length).toBeLessThanOrEqual(65_536);
    }),
  );
});

test('a megabyte of nesting or of words is read within bounds', () => {
  for (const body of [
    '['.repeat(1e6),
    `${'['.repeat(5e4)}${']'.repeat(5e4)}`,
    JSON.stringify({ errors: Array(1e5).fill('no seats') }),
  ]) {
    expect(parseErrorBody(body).text.length).toBeLessThanOrEqual(65_536);
  }
});
