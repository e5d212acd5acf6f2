import type { Command } from 'commander';
import { Failure, Failure_State, failure_StateToJSON, outcome_ActionToJSON, toCanonicalJson } from '@autoprov/proto';
import { downloadFailures } from '../download-failures.ts';
import { addFailureOptions, listFailures, readQuestion, type FailureOptions } from '../failure-options.ts';
import type { Io } from '../io.ts';
import { withServices } from '../network.ts';
import { formatAge, formatJson, formatTable, formatWord, lastPart, printable } from '../output.ts';

type FailuresOptions = FailureOptions & { download?: string; json?: boolean };

export function addFailures(program: Command, io: Io): void {
  addFailureOptions(program.command('failures'))
    .description('list what is failing and what to do about it')
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
      failure.primaryEmail || lastPart(failure.user || failure.group),
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
