import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { failureReasons } from '@autoprov/scim';
import {
  catalogue,
  delegationLink,
  directoryScopes,
  entryOf,
  fillIn,
  findEntry,
  notYetProvoked,
  renderFailuresPage,
  resolutionOf,
} from './index.ts';

/** May only be lowered. */
const notYetProvokedAtMost = 6;

/** Lines of the published page that say nothing of a failure: headings, and what Google runs itself. */
const noFailure = new Set([
  'Configuration time failures',
  'Authorization code error',
  'Stale page error',
  'Transient page error',
  'These errors are transient and should resolve if you refresh the page or retry the action after a period of time.',
  'Error message Resolution',
  'Auto-provisioning runtime failures',
  'Auto-provisioning runtime failures may occur due to API access, authorization, or configuration issues.',
  'Google internal services errors',
  'Auth token errors',
  'Access token errors',
  'General errors',
  'Error code Description and resolution',
  'Error code Description and reason Resolution',
  'Error code Error description Resolution',
  'Description:',
  'Reason:',
  'Reasons:',
  'Resolution:',
  'Resolutions:',
  'Possible reasons:',
  'Client ID:',
  'Scopes:',
  '910835873219-es01p47a1ks618hgp59q26cnc6sv33r3.apps.googleusercontent.com',
  'Resource-level failures',
  'If the Auto-provisioning section on the SAML app settings page shows Failures, click Download list. The downloaded file lists failed create, delete, or update actions, and an error code and description for each failure.',
  'These errors only affect the specified resources in the file.',
  ...directoryScopes.flatMap((scope) => [scope, `${scope},`]),
]);

/** ’ equals ', and the width of a space means nothing. */
function plain(text: string): string {
  return text.replaceAll('’', "'").replace(/\s+/g, ' ').trim();
}

const seed = plainLines(readFileSync(new URL('seed.txt', import.meta.url), 'utf8'));

function plainLines(text: string): string[] {
  const lines = text
    .split('\n')
    .map(plain)
    .filter((line) => line !== '');
  return lines.slice(lines.indexOf('Configuration time failures'), lines.indexOf('Was this helpful?'));
}

describe('the published error model', () => {
  const published = catalogue.flatMap(({ seedText }) => seedText.map(plain));

  test('every line of it that tells of a failure stands in an entry, letter for letter', () => {
    expect(seed.length).toBeGreaterThan(100);
    const missing = seed.filter((line) => !noFailure.has(line) && !published.some((text) => text.includes(line)));
    expect(missing).toEqual([]);
  });

  test('every code of it has an entry that quotes it', () => {
    const codes = new Set(seed.flatMap((line) => /^(\d{5}|1200x)\b/.exec(line)?.[1] ?? []));
    expect(codes.size).toBe(23);
    for (const code of codes) {
      const entry = entryOf(code.replace('x', '1'));
      expect(entry.seedText.some((text) => text.startsWith(code))).toBe(true);
    }
  });

  test('no entry quotes what is not published', () => {
    const page = seed.join(' ');
    expect(published.filter((text) => !page.includes(text))).toEqual([]);
  });

  test('each message that a person sees begins its published line', () => {
    for (const { id, scope, message, seedText } of catalogue) {
      if (scope !== 'configuration') continue;
      expect([id, seedText.some((text) => text.startsWith(message ?? 'a message'))]).toEqual([id, true]);
    }
  });

  test('the message that is published twice has both resolutions', () => {
    expect(entryOf('DELETE_FAILED').seedText).toHaveLength(2);
  });
});

describe('entries', () => {
  test('are found by id and code, each once', () => {
    expect(new Set(catalogue.map(({ id }) => id)).size).toBe(catalogue.length);
    expect(findEntry('12009')?.scope).toBe('platform');
    expect(findEntry('99999')).toBeUndefined();
    expect(() => entryOf('99999')).toThrow('is not in the failure catalogue: add an entry');
  });

  test('have the status that their scope needs, and steps that somebody can take', () => {
    for (const entry of catalogue) {
      expect(entry.grpcStatus === undefined).toBe(entry.scope !== 'configuration');
      expect(entry.code).toBe(entry.scope === 'configuration' ? undefined : entry.id);
      expect(entry.resolution.length).toBeGreaterThan(0);
    }
  });

  test('never send a person to the client id of Google, and never to a page that is not there', () => {
    const steps = catalogue.flatMap(({ resolution, reasons = [] }) => [
      ...resolution,
      ...reasons.flatMap((it) => it.resolution),
    ]);
    expect(steps.filter((step) => /googleusercontent|910835873219|Manage API client access/.test(step))).toEqual([]);
  });

  test('name every finer reason of the classifier under its code, and no other code for it', () => {
    for (const [reason, { code }] of Object.entries(failureReasons)) {
      if (code === null || reason === 'TOKEN_ENDPOINT_FAILED' || reason === 'INTERNAL_TOKEN_SERVICE') continue;
      const codes = catalogue.filter(
        (entry) => entry.code !== undefined && entry.reasons?.some((it) => it.reason === reason),
      );
      expect([reason, codes.map((entry) => entry.id)]).toEqual([
        reason,
        code === 'by_request' ? ['45003', '45006'] : [code],
      ]);
    }
  });

  test('the steps of a finer reason are its own', () => {
    expect(resolutionOf(entryOf('45003'), 'NOT_FOUND')).toEqual([
      'Wait: the link is dropped and the person is matched or created anew.',
    ]);
    expect(resolutionOf(entryOf('45003'), 'SOMETHING_NEW')).toBe(entryOf('45003').resolution);
  });
});

test('placeholders are filled in where a value is known', () => {
  expect(fillIn('{clientId} of {customer}', { clientId: '42' })).toBe('42 of {customer}');
  expect(delegationLink('42')).toContain('clientIdToAdd=42&clientScopeToAdd=https%3A%2F%2Fwww.googleapis.com');
});

test('the list of failures that nothing provokes yet only shrinks, and names entries', () => {
  expect(notYetProvoked.length).toBeLessThanOrEqual(notYetProvokedAtMost);
  expect(notYetProvoked.filter((id) => findEntry(id) === undefined)).toEqual([]);
  expect(new Set(notYetProvoked).size).toBe(notYetProvoked.length);
});

test('docs/failures.md is what the catalogue says', () => {
  const page = readFileSync(new URL('../../../docs/failures.md', import.meta.url), 'utf8');
  if (page !== renderFailuresPage()) {
    throw new Error('docs/failures.md is out of date: run node libs/failure-catalogue/src/write-page.ts');
  }
});
