import { expect, test } from '@jest/globals';
import { AdoptionTotals, PlannedAdoption, PlannedAdoption_Kind, PlannedAdoption_Note } from '@autoprov/proto';
import { formatReport } from './adopt.ts';

test('a report is its numbers, then a row for each that is to be looked at, with old values and new', () => {
  const totals = AdoptionTotals.fromPartial({
    listed: true,
    accountCount: 210n,
    adopts: 200n,
    equal: 190n,
    held: 7n,
    handles: 7n,
    externalIdOrigins: { 'okta user id': 3n },
    unmatchedAccounts: 10n,
    unmatchedActiveAccounts: 4n,
  });
  const adoptions = [
    PlannedAdoption.fromPartial({
      user: 'customers/acme/users/1042',
      kind: PlannedAdoption_Kind.KIND_ADOPT,
      userName: 'ada',
      matchedBy: 'emails',
      externalIdOrigin: 'okta user id',
      notes: [PlannedAdoption_Note.NOTE_HANDLE, PlannedAdoption_Note.NOTE_FOREIGN_EXTERNAL_ID],
      changes: [
        { path: 'userName', oldValue: 'ada', newValue: 'ada@acme.test' },
        { path: 'title', oldValue: 'Boss' },
      ],
      held: true,
      explanation: '2 attributes differ',
    }),
    PlannedAdoption.fromPartial({ kind: PlannedAdoption_Kind.KIND_UNMATCHED, userName: 'root', explanation: 'stays' }),
  ];
  expect(formatReport({ totals, adoptions }, 'crm').split('\n')).toEqual([
    '210 accounts at the service provider',
    '200 would be adopted: 190 as they are, 10 with a write',
    '  7 of these would be held until they are approved',
    '  0 would be created',
    '  7 have a handle instead of an address as user name',
    '  3 have another externalId: okta user id',
    ' 10 accounts match nobody in scope, 4 of them active',
    '',
    expect.stringMatching(/^USER +ACCOUNT +WHAT +BY +TO NOTE +ATTRIBUTES +WHY$/),
    expect.stringMatching(
      /^1042 +ada +adopt +emails +handle, foreign external id \(okta user id\), held +userName: "ada" → "ada@acme\.test"; title: "Boss" → none +2 attributes differ$/,
    ),
    expect.stringMatching(/^- +root +unmatched +- +- +- +stays$/),
  ]);
});

test('a report that waits for a read says how the directory comes to be read without a write', () => {
  const totals = AdoptionTotals.fromPartial({ waitingFor: ['users'] });
  expect(formatReport({ totals, adoptions: [] }, 'crm')).toContain('autoprov hold writes --app crm');
});
