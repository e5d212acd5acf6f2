import type { Command } from 'commander';
import { Failure_Scope, type Failure } from '@autoprov/proto';
import { callTimeoutMs } from '../calls.ts';
import { addFailureOptions, listFailures, readQuestion, type FailureOptions } from '../failure-options.ts';
import { UsageError, type Io } from '../io.ts';
import { withServices, type Services } from '../network.ts';

const usersAtOnce = 1_000;

type RetryOptions = FailureOptions & { everything?: boolean };

export function addRetry(program: Command, io: Io): void {
  addFailureOptions(program.command('retry'))
    .description('try again now what is failing: one person, all of a cause, of an app, of a code, or everything')
    .option('--everything', 'all that is open')
    .action((options: RetryOptions) =>
      withServices(io, async (services) => {
        if (Object.keys(options).length === 0) {
          throw new UsageError('say what to try again: --cause, --app, --code, --user, or --everything');
        }
        const failures = await listFailures(services, await readQuestion(services, options));
        const retried = await retryAll(services, failures);
        if (retried.length === 0) return io.out('nothing like that is failing');
        for (const line of retried) io.out(line);
      }),
    );
}

/** Has each app, and each directory, tried again once; answers what is tried, a sentence each. */
async function retryAll(services: Services, failures: Failure[]): Promise<string[]> {
  const said: string[] = [];
  for (const [app, ofApp] of Map.groupBy(
    failures.filter((failure) => failure.app !== ''),
    (failure) => failure.app,
  )) {
    const users = [...new Set(ofApp.flatMap(({ user }) => (user === '' ? [] : [user])))];
    // An app that fails as a whole has its own codes, with which no person fails.
    said.push(await retryApp(services, app, users, users.length > 0 ? '' : ofApp[0]!.code));
  }
  const isOfCustomer = ({ scope, app }: Failure) => scope === Failure_Scope.SCOPE_CUSTOMER && app === '';
  for (const customer of new Set(failures.filter(isOfCustomer).map((failure) => failure.customer))) {
    await services.directory.requestRead({ customer }, { timeoutMs: callTimeoutMs });
    said.push(`${customer}: the directory is read again`);
  }
  return said;
}

async function retryApp({ push }: Services, app: string, users: string[], code: string): Promise<string> {
  let [count, waited] = [0n, false];
  for (let i = 0; i === 0 || i < users.length; i += usersAtOnce) {
    const request = { app, users: users.slice(i, i + usersAtOnce), code, reason: '' };
    const answer = await push.retryFailing(request, { timeoutMs: callTimeoutMs });
    count += answer.userCount;
    waited ||= answer.appWaited;
  }
  return `${app}: ${count} people are tried again${waited ? ', and the service provider at once' : ''}`;
}
