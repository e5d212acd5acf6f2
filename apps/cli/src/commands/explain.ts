import type { Command } from 'commander';
import {
  account_OriginToJSON,
  account_StateToJSON,
  dangerToJSON,
  ExplainAccessResponse,
  explainAccessResponse_CauseToJSON,
  ExplainUserResponse,
  MembershipEdge_MemberKind,
  hold_WhatToJSON,
  outcome_ActionToJSON,
  toCanonicalJson,
  type Account,
  type HeldAction,
  type Membership,
  type PlannedAction,
} from '@autoprov/proto';
import { callTimeoutMs } from '../calls.ts';
import type { Io } from '../io.ts';
import { chooseApp, toUserName } from '../names.ts';
import { withServices, type Services } from '../network.ts';
import { formatAge, formatJson, formatTable, formatWord, printable } from '../output.ts';
import { readTime } from '../read-time.ts';
import { formatMatching } from './preview.ts';
import { formatTimeline } from './timeline.ts';

type ExplainOptions = { app: string; customer?: string; asOf?: string; json?: boolean };

export function addExplain(program: Command, io: Io): void {
  program
    .command('explain')
    .argument('<user>', "the person's primary address, or the id in the directory")
    .description('say why a person has an account in an app or not, and what happens next')
    .requiredOption('--app <app>', 'the id of the app')
    .option('--customer <customer>', 'the id of the customer; not needed where there is one')
    .option('--as-of <time>', 'say why the person had access then or not, for example 2026-11-24T08:00:00Z')
    .option('--json', 'one JSON object')
    .action((user: string, options: ExplainOptions) =>
      withServices(io, async (services) => {
        const app = await chooseApp(services, options.app, options.customer);
        if (options.asOf !== undefined) return explainThen(io, services, toUserName(user, app), app, options);
        const answer = await services.push.explainUser(
          { app, user: toUserName(user, app) },
          { timeoutMs: callTimeoutMs },
        );
        io.out(
          options.json
            ? formatJson(toCanonicalJson('autoprov.push.v1.ExplainUserResponse', ExplainUserResponse, answer))
            : formatExplanation(answer, new Date(), user),
        );
      }),
    );
}

async function explainThen(
  io: Io,
  { push }: Services,
  user: string,
  app: string,
  options: ExplainOptions,
): Promise<void> {
  const answer = await push.explainAccess({ app, user, asOf: readTime(options.asOf) }, { timeoutMs: callTimeoutMs });
  io.out(
    options.json
      ? formatJson(toCanonicalJson('autoprov.push.v1.ExplainAccessResponse', ExplainAccessResponse, answer))
      : formatAccess(answer),
  );
}

/** How access was, why, until when, and what says so. */
export function formatAccess({ asOf, cause, explanation, changeTime, evidence }: ExplainAccessResponse): string {
  return [
    `then       ${asOf!.toISOString()}`,
    `cause      ${formatWord(explainAccessResponse_CauseToJSON(cause), 'CAUSE_')}`,
    `why        ${printable(explanation)}`,
    `changed    ${changeTime ? changeTime.toISOString() : 'not since'}`,
    ...(evidence.length > 0 ? ['', formatTimeline(evidence)] : []),
  ].join('\n');
}

/**
 * The answers, each in a line, and the attributes that would change.
 *
 * @param person how the person was asked for
 */
export function formatExplanation(
  {
    inScope,
    scopeExplanation,
    memberships,
    account,
    next,
    held,
    holds,
    matching,
    pushedMemberships,
  }: ExplainUserResponse,
  now: Date,
  person = 'the person',
): string {
  return [
    `in scope   ${inScope ? 'yes' : 'no'}${scopeExplanation ? `: ${printable(scopeExplanation)}` : ''}`,
    ...memberships.map((membership) => `group      ${formatMembership(membership, person, now)}`),
    `account    ${formatAccount(account, now)}`,
    `next       ${formatNext(next, now)}`,
    ...formatMatching(matching),
    ...pushedMemberships.map(
      ({ displayName, explanation }) => `pushed     ${printable(displayName)}: ${printable(explanation)}`,
    ),
    ...held.map(
      (action) => `held       ${formatWord(dangerToJSON(action.danger), 'DANGER_')}, ${formatHeldState(action)}`,
    ),
    ...holds.map(
      (hold) =>
        `hold       ${formatWord(hold_WhatToJSON(hold.what), 'WHAT_')} by ${printable(hold.placedBy)}: ${printable(hold.reason)}`,
    ),
    ...(next && next.changes.length > 0 ? ['', formatChanges(next)] : []),
  ].join('\n');
}

/** The way from the group to the person, or what was looked at in vain, and how old that knowledge is. */
function formatMembership(membership: Membership, person: string, now: Date): string {
  const { group, path, explanation, groups, completeTime } = membership;
  const words: Partial<Record<MembershipEdge_MemberKind, string>> = {
    [MembershipEdge_MemberKind.MEMBER_KIND_USER]: person,
    [MembershipEdge_MemberKind.MEMBER_KIND_EVERYBODY]: 'everybody',
  };
  const members = path.map(({ member, memberKind }) => printable(words[memberKind] ?? member));
  const incomplete = groups.filter(({ complete }) => !complete).map((one) => printable(one.group));
  const notes = [
    printable(explanation),
    ...(incomplete.length > 0 ? [`not whole: ${incomplete.join(', ')}`] : []),
    completeTime ? `read whole ${formatAge(completeTime, now)} ago` : 'never read whole',
  ];
  return `${[printable(group), ...members].join(' → ')} (${notes.join('; ')})`;
}

function formatHeldState({ isProtected, approver, explanation }: HeldAction): string {
  if (isProtected) return 'for the person is protected';
  return approver === '' ? `waits for an approval: ${printable(explanation)}` : `approved by ${printable(approver)}`;
}

function formatAccount(account: Account | undefined, now: Date): string {
  if (!account) return 'none';
  const { failureCode, failureReason, failureDetail } = account;
  const failing = failureCode ? `; failing with ${failureCode} ${failureReason}: ${printable(failureDetail)}` : '';
  if (!account.state) return `none yet${failing}`;
  const state = formatWord(account_StateToJSON(account.state), 'STATE_');
  const origin = account.origin ? `, ${formatWord(account_OriginToJSON(account.origin), 'ORIGIN_')}` : '';
  const accepted = account.acceptTime ? `, accepted ${formatAge(account.acceptTime, now)} ago` : '';
  return `${state}${origin}, id ${printable(account.scimId)}${accepted}${failing}`;
}

function formatNext(next: PlannedAction | undefined, now: Date): string {
  if (!next) return 'nothing';
  const action = next.action ? formatWord(outcome_ActionToJSON(next.action), 'ACTION_') : 'nothing';
  const due = next.action && next.dueTime && next.dueTime > now ? ` in ${formatAge(next.dueTime, now)}` : '';
  return `${action}${due}${next.explanation ? `: ${printable(next.explanation)}` : ''}`;
}

function formatChanges({ changes }: PlannedAction): string {
  const show = (value: unknown) => (value === undefined || value === null ? '' : JSON.stringify(value));
  return formatTable(
    ['attribute', 'is', 'will be'],
    changes.map(({ path, oldValue, newValue }) => [path, show(oldValue), show(newValue)]),
  );
}
