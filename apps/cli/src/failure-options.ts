import type { Command } from 'commander';
import {
  Failure_State,
  failure_StateFromJSON,
  Outcome_Action,
  outcome_ActionFromJSON,
  type Failure,
} from '@autoprov/proto';
import { callTimeoutMs, collectPages } from './calls.ts';
import type { FailureQuestion } from './download-failures.ts';
import { UsageError } from './io.ts';
import { chooseCustomer, toAppName, toCustomerName } from './names.ts';
import type { Services } from './network.ts';
import { readTime } from './read-time.ts';

/** Which failures a command is about. */
export type FailureOptions = {
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
};

/** Adds the options that say which failures. */
export function addFailureOptions(command: Command): Command {
  return command
    .option('--customer <customer>', 'only of this customer')
    .option('--app <app>', 'only of this app')
    .option('--code <code>', 'only with this code, for example 45003')
    .option('--user <user>', 'only of the person with this id in the directory')
    .option('--reason <reason>', 'only with this reason, for example DUPLICATE')
    .option('--cause <id>', 'only of this cause, as "autoprov triage --json" shows it')
    .option('--action <action>', 'only of create, adopt, update, suspend, reactivate or delete')
    .option('--since <time>', 'only what opened then or later, for example 2026-11-24 or 2026-11-24T08:00:00Z')
    .option('--until <time>', 'only what opened before');
}

/** What the options ask for. */
export async function readQuestion(services: Services, options: FailureOptions): Promise<FailureQuestion> {
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
async function chooseParent(services: Services, { customer, app, user }: FailureOptions): Promise<string> {
  const named = [app, user].find((name) => name?.startsWith('customers/'));
  if (customer === undefined && named) return named.split('/').slice(0, 2).join('/');
  if (customer !== undefined) return toCustomerName(customer);
  return app === undefined && user === undefined ? 'customers/-' : chooseCustomer(services, undefined);
}

/** All failures that are asked for. */
export function listFailures({ failures }: Services, question: FailureQuestion): Promise<Failure[]> {
  return collectPages(async (pageToken) => {
    const page = await failures.listFailures({ ...question, pageSize: 1000, pageToken }, { timeoutMs: callTimeoutMs });
    return { items: page.failures, nextPageToken: page.nextPageToken };
  });
}
