import type { Command } from 'commander';
import {
  Failure,
  Failure_State,
  failure_StateFromJSON,
  failure_StateToJSON,
  Outcome_Action,
  outcome_ActionFromJSON,
  outcome_ActionToJSON,
  toCanonicalJson,
} from '@autoprov/proto';
import { callTimeoutMs, collectPages } from '../calls.ts';
import { downloadFailures, type FailureQuestion } from '../download-failures.ts';
import { UsageError, type Io } from '../io.ts';
import { chooseCustomer, toAppName, toCustomerName } from '../names.ts';
import { withServices, type Services } from '../network.ts';
import { readTime } from '../read-time.ts';
import { formatAge, formatJson, formatTable, formatWord, lastPart, printable } from '../output.ts';

type FailuresOptions = {
  customer?: string;
  app?: string;
  code?: string;
  user?: string;
  reason?: string;
  cause?: string;
  action?: string;
  since?: string;
  until?: string;
  state?: string;
  all?: boolean;
  download?: string;
  json?: boolean;
};

export function addFailures(program: Command, io: Io): void {
  program
    .command('failures')
    .description('list what is failing and what to do about it')
    .option('--customer <customer>', 'only of this customer')
    .option('--app <app>', 'only of this app')
    .option('--code <code>', 'only with this code, for example 45003')
    .option('--user <user>', 'only of the person with this id in the directory')
    .option('--reason <reason>', 'only with this reason, for example DUPLICATE')
    .option('--cause <id>', 'only of this cause, as "autoprov triage --json" shows it')
    .option('--action <action>', 'only of create, adopt, update, suspend, reactivate or delete')
    .option('--since <time>', 'only what opened then or later, for example 2026-11-24 or 2026-11-24T08:00:00Z')
    .option('--until <time>', 'only what opened before')
    .option('--state <state>', 'only what is open, resolved, superseded or dismissed; open unless said')
    .option('--all', 'also what has ended in the last 30 days')
    .option(
      '--download <file>',
      'write them to a file, .csv or .jsonl, or to stdout with - (CSV; JSON Lines with --json)',
    )
    .option('--json', 'one JSON array')
    .action((options: FailuresOptions) =>
      withServices(io, async (services) => {
        const question = await readQuestion(services, options);
        if (options.download !== undefined)
          return downloadFailures(io, services, question, options as { download: string });
        const failures = await listFailures(services, question);
        io.out(options.json ? toJson(failures) : formatFailures(failures, new Date()));
      }),
    );
}

async function readQuestion(services: Services, options: FailuresOptions): Promise<FailureQuestion> {
  const { app, user, code = '', reason = '', cause, action, since, until, state, all } = options;
  const parent = await chooseParent(services, options);
  return {
    parent,
    filter: {
      app: app === undefined ? '' : toAppName(app, parent),
      user: user === undefined || user.startsWith('customers/') ? (user ?? '') : `${parent}/users/${user}`,
      code,
      reason,
      causeId: cause,
      action: action === undefined ? undefined : toAction(action),
      openStartTime: readTime(since),
      openEndTime: readTime(until),
      states: all
        ? [
            Failure_State.STATE_OPEN,
            Failure_State.STATE_RESOLVED,
            Failure_State.STATE_SUPERSEDED,
            Failure_State.STATE_DISMISSED,
          ]
        : state === undefined
          ? []
          : [toState(state)],
    },
  };
}

function toAction(word: string): Outcome_Action {
  const action = outcome_ActionFromJSON(`ACTION_${word.toUpperCase()}`);
  if (action !== Outcome_Action.UNRECOGNIZED) return action;
  throw new UsageError(`"${word}" is no action: say create, adopt, update, suspend, reactivate or delete`);
}

function toState(word: string): Failure_State {
  const state = failure_StateFromJSON(`STATE_${word.toUpperCase()}`);
  if (state !== Failure_State.UNRECOGNIZED) return state;
  throw new UsageError(`"${word}" is no state: say open, resolved, superseded or dismissed`);
}

/** All customers, unless one is named or an id needs one. */
async function chooseParent(services: Services, { customer, app, user }: FailuresOptions): Promise<string> {
  const named = [app, user].find((name) => name?.startsWith('customers/'));
  if (customer === undefined && named) return named.split('/').slice(0, 2).join('/');
  if (customer !== undefined) return toCustomerName(customer);
  return app === undefined && user === undefined ? 'customers/-' : chooseCustomer(services, undefined);
}

function listFailures({ failures }: Services, question: FailureQuestion): Promise<Failure[]> {
  return collectPages(async (pageToken) => {
    const page = await failures.listFailures({ ...question, pageSize: 1000, pageToken }, { timeoutMs: callTimeoutMs });
    return { items: page.failures, nextPageToken: page.nextPageToken };
  });
}

function toJson(failures: Failure[]): string {
  return formatJson(failures.map((failure) => toCanonicalJson('autoprov.event.v1.Failure', Failure, failure)));
}

/** One row a failure, then what to do about each kind once; or a sentence. */
export function formatFailures(failures: Failure[], now: Date): string {
  if (failures.length === 0) return 'nothing is failing';
  const ended = failures.some(({ state }) => state !== Failure_State.STATE_OPEN);
  const table = formatTable(
    ['code', 'reason', 'where', 'who', 'action', 'what they say', 'since', 'next try', ...(ended ? ['state'] : [])],
    failures.map((failure) => [
      failure.code,
      failure.reason,
      (failure.app || failure.customer || 'installation').replace(/^customers\//, '').replace('/apps/', '/'),
      failure.primaryEmail || lastPart(failure.user),
      failure.action ? formatWord(outcome_ActionToJSON(failure.action), 'ACTION_') : '',
      cut(printable(failure.detail), 60),
      formatAge(failure.openTime, now),
      formatNextAttempt(failure, now),
      ...(ended ? [formatWord(failure_StateToJSON(failure.state), 'STATE_')] : []),
    ]),
  );
  return [table, '', 'What to do', ...formatResolutions(failures)].join('\n');
}

function formatNextAttempt({ nextAttemptTime }: Failure, now: Date): string {
  if (!nextAttemptTime) return 'on change';
  return nextAttemptTime > now ? `in ${formatAge(nextAttemptTime, now)}` : 'now';
}

function formatResolutions(failures: Failure[]): string[] {
  const kinds = new Map(failures.map((failure) => [`${failure.code} ${failure.title}`, failure.resolution]));
  return [...kinds].flatMap(([kind, steps]) => [`  ${kind}`, ...steps.map((step) => `    - ${step}`)]);
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
