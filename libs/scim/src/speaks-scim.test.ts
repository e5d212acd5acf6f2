import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { errorUrn, isServiceProviderConfig, isUserList, speaksScim, type JsonValue } from './index.ts';

const scimJson = { 'content-type': 'application/scim+json;charset=utf-8' };
const json = { 'Content-Type': 'application/json' };

test.each<[string, Record<string, string>, string, boolean]>([
  ['an empty refusal with SCIM in its type', scimJson, '', true],
  ['a SCIM error as plain JSON', json, JSON.stringify({ schemas: [errorUrn], status: '401' }), true],
  ['a resource of SCIM 1.1', json, JSON.stringify({ schemas: ['urn:scim:schemas:core:1.0'], id: '1' }), true],
  ['a JSON error of something else', json, JSON.stringify({ error: 'unauthorized' }), false],
  ['a page, whatever its type says', scimJson, '<!doctype html><title>Sign in</title>', false],
  ['plain text', { 'content-type': 'text/plain' }, 'Unauthorized', false],
])('%s: SCIM is told from the rest', (_, headers, body, expected) => {
  expect(speaksScim(headers, body)).toBe(expected);
});

test.each<[JsonValue | undefined, boolean]>([
  [{ totalResults: 0 }, true],
  [{ Resources: [], totalResults: 0 }, true],
  [[{ userName: 'ada' }], true],
  [[{ login: 'ada' }], false],
  [[], false],
  [{ users: [] }, false],
  [undefined, false],
])('%j is a list of users: %s', (body, expected) => {
  expect(isUserList(body)).toBe(expected);
});

test.each<[JsonValue | undefined, boolean]>([
  [{ patch: { supported: true } }, true],
  [{ authenticationSchemes: [] }, true],
  [{ schemas: [errorUrn], detail: 'not found' }, false],
  [{ patch: true }, false],
  [[], false],
])('%j is a ServiceProviderConfig: %s', (body, expected) => {
  expect(isServiceProviderConfig(body)).toBe(expected);
});

test('whatever comes, nothing is thrown', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), (body, text) => {
      isUserList(body as JsonValue);
      isServiceProviderConfig(body as JsonValue);
      speaksScim({ 'content-type': text }, text);
      speaksScim(undefined, JSON.stringify(body));
    }),
  );
});
