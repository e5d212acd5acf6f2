import { expect, test } from '@jest/globals';
import { checksOfRead, type CheckResult } from './checks.ts';
import type { Problem } from './directory-error.ts';

const problem = (code: string, reason = 'R'): Problem => ({ code, reason, detail: 'd' });
const apps = [
  { appId: 'crm', groups: ['sales@example.com'] },
  { appId: 'wiki', groups: [] },
];

const brief = (checks: CheckResult[]) =>
  Object.fromEntries(checks.map(({ subject, code, passed }) => [`${subject} ${code}`, passed]));

const checksWith = (usersProblem: Problem | undefined, groupProblems: [string, Problem][] = []) =>
  checksOfRead({ customerId: 'acme', usersProblem, groupProblems: new Map(groupProblems), apps });

test('a read that is complete passes every check', () => {
  expect(brief(checksWith(undefined))).toEqual({
    'customers/acme 50001': true,
    'customers/acme 50003': true,
    'customers/acme 17008': true,
    'installation 17002': true,
    'customers/acme/apps/crm 50005': true,
    'customers/acme/apps/wiki 50005': true,
  });
});

test('a check that the read could not make is neither passed nor failed', () => {
  const checks = brief(checksWith(problem('17003', 'DELEGATION_REVOKED'), [['sales@example.com', problem('17003')]]));
  expect(checks).toEqual({ 'customers/acme/apps/wiki 50005': true });
});

test('trouble with groups leaves the users alone', () => {
  const checks = brief(checksWith(undefined, [['sales@example.com', problem('50003')]]));
  expect(checks).toMatchObject({ 'customers/acme 50001': true, 'customers/acme 50003': false });
  expect(checks).not.toHaveProperty(['customers/acme/apps/crm 50005']);
});

test('a missing group fails the apps that name it, and no address is in the words', () => {
  const checks = checksWith(undefined, [['sales@example.com', problem('50005')]]);
  expect(brief(checks)).toMatchObject({
    'customers/acme/apps/crm 50005': false,
    'customers/acme/apps/wiki 50005': true,
    'customers/acme 50003': true,
  });
  expect(JSON.stringify(checks)).toContain('sales');
  expect(JSON.stringify(checks)).not.toContain('@');
});

test('a lost admin role and a silent token broker are said once each, at their level', () => {
  expect(brief(checksWith(problem('17008', 'ADMIN_ROLE_LOST')))).toMatchObject({ 'customers/acme 17008': false });
  expect(brief(checksWith(problem('17002', 'TOKEN_BROKER_UNAVAILABLE')))).toMatchObject({
    'installation 17002': false,
  });
});
