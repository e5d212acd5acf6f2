import type { Problem } from './directory-error.ts';

/** Whether something that is needed works: what is told to the failure-reporter. */
export type CheckResult = {
  /** `installation`, `customers/{customer}` or `customers/{customer}/apps/{app}`. */
  subject: string;
  code: string;
} & ({ passed: true } | { passed: false; reason: string; detail: string });

/** What a read met, as far as checks go. */
export type ReadOutcome = {
  customerId: string;
  /** What kept the list of users from being whole. */
  usersProblem: Problem | undefined;
  /** What kept groups of interest from being whole, by the group as spelled. */
  groupProblems: Map<string, Problem>;
  /** The active apps and the groups they name. */
  apps: { appId: string; groups: string[] }[];
};

/**
 * The checks a read makes, each failed, passed, or left out when the read could not tell. What the token broker says of
 * tokens it reports itself; only that it cannot be reached is said here.
 */
export function checksOfRead({ customerId, usersProblem, groupProblems, apps }: ReadOutcome): CheckResult[] {
  const customer = `customers/${customerId}`;
  const inGroups = [...groupProblems.values()];
  const all = usersProblem ? [usersProblem, ...inGroups] : inGroups;
  const withCode = (problems: Problem[], code: string) => problems.find((problem) => problem.code === code);
  const brokerDown = all.find((problem) => problem.reason === 'TOKEN_BROKER_UNAVAILABLE');
  return [
    ...check(customer, '50001', withCode(all, '50001'), !usersProblem),
    ...check(
      customer,
      '50003',
      withCode(inGroups, '50003'),
      inGroups.every((problem) => problem.code === '50005'),
    ),
    ...check(customer, '17008', withCode(all, '17008'), !usersProblem),
    ...check('installation', '17002', brokerDown, !usersProblem),
    ...apps.flatMap((app) => checkGroupsOf(`${customer}/apps/${app.appId}`, app.groups, groupProblems)),
  ];
}

function checkGroupsOf(subject: string, groups: string[], groupProblems: Map<string, Problem>): CheckResult[] {
  const missing = groups.filter((name) => groupProblems.get(name)?.code === '50005');
  const named = missing.map((name) => `"${groupLabel(name)}"`).join(', ');
  const problem = { code: '50005', reason: 'GROUP_MISSING', detail: `Google knows no group ${named} (404)` };
  return check(
    subject,
    '50005',
    missing.length > 0 ? problem : undefined,
    !groups.some((name) => groupProblems.has(name)),
  );
}

function check(subject: string, code: string, problem: Problem | undefined, passed: boolean): CheckResult[] {
  if (problem) return [{ subject, code, passed: false, reason: problem.reason, detail: problem.detail }];
  return passed ? [{ subject, code, passed: true }] : [];
}

/** What a group is called where no address may stand: the part before the @, or its id. */
export function groupLabel(name: string): string {
  return name.split('@', 1)[0]!;
}
