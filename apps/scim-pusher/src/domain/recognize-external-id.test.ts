import { expect, test } from '@jest/globals';
import { recognizeExternalId } from './recognize-external-id.ts';

test.each([
  ['00u1ab2cd3EF4gh5IJ6k', 'okta user id'],
  ['9f1c6a54-8f0e-4d5b-9a39-0d1f4f2f7d10', 'guid, as of Entra ID'],
  ['9F1C6A54-8F0E-4D5B-9A39-0D1F4F2F7D10', 'guid, as of Entra ID'],
  ['108234567890123456789', 'google user id'],
  ['5f8d0a2b9c1e4d3f6a7b8c9d', 'jumpcloud user id'],
  ['ann@old.example', 'mail address'],
  ['Ann', 'handle of the address'],
  ['emp-4711', 'unknown'],
  ['', 'unknown'],
])('an externalId is recognized by its form: %s is %s', (externalId, origin) => {
  expect(recognizeExternalId(externalId, ['ann@acme.example'])).toBe(origin);
});
