import { expect, test } from '@jest/globals';
import {
  Comparison,
  ComparisonFinding,
  ComparisonFinding_Kind,
  ComparisonFinding_Repair,
  ComparisonPolicy_Action,
} from '@autoprov/proto';
import { formatFound } from './compare.ts';

const comparison = Comparison.fromPartial({
  action: ComparisonPolicy_Action.ACTION_REPAIR,
  complete: true,
  listedCount: 210n,
  comparedCount: 200n,
  driftedCount: 1n,
  orphanCount: 10n,
  secondWriters: { 'okta user id': 1n },
  unlistedAttributes: ['title'],
});

test('a comparison is its numbers, then a row for each finding', () => {
  const findings = [
    ComparisonFinding.fromPartial({
      kind: ComparisonFinding_Kind.KIND_DRIFT,
      user: 'customers/acme/users/1042',
      userName: 'ada',
      scimId: '7',
      attribute: 'externalId',
      accepted: '1042',
      found: '00u1',
      externalIdOrigin: 'okta user id',
      repair: ComparisonFinding_Repair.REPAIR_STOPPED,
    }),
    ComparisonFinding.fromPartial({ kind: ComparisonFinding_Kind.KIND_ORPHAN, scimId: '8' }),
  ];
  expect(formatFound({ comparison, findings }).split('\n')).toEqual([
    '210 accounts at the service provider',
    '200 of them linked and compared',
    '  1 have attributes that others changed: they are pushed again',
    '  0 linked accounts are not there any more',
    '  0 accounts without a link look like somebody in the directory',
    ' 10 accounts without a link look like nobody: never touched',
    '  1 changed by another: okta user id',
    'not compared, for the list shows them otherwise than the account: title',
    '',
    expect.stringMatching(/^WHAT +USER +ACCOUNT +ATTRIBUTE +ACCEPTED +FOUND +BY +REPAIR$/),
    expect.stringMatching(/^drift +1042 +ada +externalId +"1042" +"00u1" +okta user id +stopped/),
    expect.stringMatching(/^orphan +- +8 /),
  ]);
});

test('what is not complete says nothing of accounts without a link', () => {
  const broken = { ...comparison, complete: false, explanation: 'the list broke off' };
  const text = formatFound({ comparison: broken, findings: [] });
  expect(text).toContain('not complete, so nothing is said of accounts that are not linked: the list broke off');
  expect(text).not.toContain('look like');
});
