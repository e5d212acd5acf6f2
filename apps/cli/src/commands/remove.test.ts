import { expect, test } from '@jest/globals';
import { formatWarnings } from './remove.ts';

test('what could not be revoked is said in the published words, and where to read on', () => {
  const message = "Delete configuration succeeded but couldn't revoke API client access";
  expect(formatWarnings([{ reason: 'DELETED_BUT_NOT_REVOKED', message }], 'customers/acme/apps/crm')).toBe(
    `warning: ${message} (DELETED_BUT_NOT_REVOKED)\nWhat is left, and what to do: autoprov revocations --customer acme`,
  );
});
