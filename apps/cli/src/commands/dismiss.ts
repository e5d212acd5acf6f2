import type { Command } from 'commander';
import type { Failure } from '@autoprov/proto';
import { callTimeoutMs } from '../calls.ts';
import type { Io } from '../io.ts';
import { withServices } from '../network.ts';

export function addDismiss(program: Command, io: Io): void {
  program
    .command('dismiss')
    .description('close a failure that may stay: it opens again when it fails after it was resolved')
    .argument('<failure>', 'its name, as "autoprov failures --json" shows it')
    .requiredOption('--note <why>', 'why it may stay; mail addresses in it are masked')
    .action((failure: string, { note }: { note: string }) =>
      withServices(io, async ({ failures }) => {
        const answer = await failures.dismissFailure(
          { name: toFailureName(failure), note },
          { timeoutMs: callTimeoutMs },
        );
        io.out(`dismissed: ${describe(answer.failure!)}`);
      }),
    );
}

export function addReopen(program: Command, io: Io): void {
  program
    .command('reopen')
    .description('open a failure again that was dismissed')
    .argument('<failure>', 'its name, as "autoprov failures --all --json" shows it')
    .option('--note <why>', 'why', '')
    .action((failure: string, { note }: { note: string }) =>
      withServices(io, async ({ failures }) => {
        const answer = await failures.reopenFailure(
          { name: toFailureName(failure), note },
          { timeoutMs: callTimeoutMs },
        );
        io.out(`open again: ${describe(answer.failure!)}`);
      }),
    );
}

/** `abc…` or `failures/abc…` → the latter. */
function toFailureName(text: string): string {
  return text.startsWith('failures/') ? text : `failures/${text}`;
}

function describe({ code, title, app, customer }: Failure): string {
  return `${code} ${title} (${app || customer || 'installation'})`;
}
