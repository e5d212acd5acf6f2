import { expect, test } from '@jest/globals';
import { InspectEndpointResponse, ScimProfile_Update, Template } from '@autoprov/proto';
import { formatDraft, formatProbe } from './probe.ts';

test('a probe tells what was found out, and what stays open', () => {
  const answer = InspectEndpointResponse.fromPartial({
    probe: { isScim: true, isAuthorized: true },
    filterableAttributes: ['userName'],
    accountCount: 3n,
    pages: true,
    medianReadMs: 12,
    notes: ['Only its makers know.'],
    draft: { name: 'templates/crm-example', displayName: 'crm.example', version: 1 },
  });
  expect(formatProbe(answer).split('\n').slice(0, 11)).toEqual([
    'SCIM                   yes',
    'accounts can be read   yes',
    'PATCH                  it does not say',
    'attributes             not known',
    'resource types         it does not say',
    'finds accounts by      userName',
    'accounts               3',
    'accounts a page        not known',
    'pages                  yes',
    'a read takes           12 ms (median of 10)',
    '- Only its makers know.',
  ]);
});

test('a probe that is refused says why and nothing else', () => {
  const probe = { isScim: true, code: '17010', reason: 'AUTH_REVOKED', detail: 'wrong\n token' };
  expect(formatProbe(InspectEndpointResponse.fromPartial({ probe })).split('\n')).toEqual([
    'SCIM                   yes',
    'accounts can be read   no, 17010 AUTH_REVOKED: wrong token',
  ]);
});

test('a draft is a file of the catalogue, without what goes without saying', () => {
  const draft = Template.fromPartial({
    name: 'templates/crm',
    displayName: 'CRM',
    version: 1,
    scim: { update: ScimProfile_Update.UPDATE_PUT },
  });
  expect(JSON.parse(formatDraft(draft))).toEqual({
    $schema: './template.schema.json',
    name: 'templates/crm',
    displayName: 'CRM',
    version: 1,
    scim: { update: 'UPDATE_PUT' },
  });
});
