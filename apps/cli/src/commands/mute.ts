import type { Command } from 'commander';
import { callTimeoutMs } from '../calls.ts';
import type { Io } from '../io.ts';
import { toCustomerName } from '../names.ts';
import { withServices } from '../network.ts';
import { readTime } from '../read-time.ts';

const call = { timeoutMs: callTimeoutMs };

type MuteOptions = { until: string; note: string; customer?: string };

export function addMute(program: Command, io: Io): void {
  program
    .command('mute')
    .description('have a webhook not told of a cause until a time; it is still told that the cause is over')
    .argument('<cause>', 'its id, as "autoprov triage" shows it')
    .requiredOption('--until <time>', 'until when, for example 2026-11-24T08:00:00Z; at most 90 days from now')
    .requiredOption('--note <why>', 'why nobody needs to be told; mail addresses in it are masked')
    .option('--customer <customer>', "this customer's webhook; without: the platform operator's")
    .action((causeId: string, { until, note, customer }: MuteOptions) =>
      withServices(io, async ({ failures }) => {
        const untilTime = readTime(until);
        await failures.muteCause({ parent: parentOf(customer), causeId, untilTime, note }, call);
        io.out(`${causeId} is muted until ${untilTime!.toISOString()}`);
      }),
    );
}

export function addUnmute(program: Command, io: Io): void {
  program
    .command('unmute')
    .description('have a webhook told of a cause again')
    .argument('<cause>', 'its id, as "autoprov triage" shows it')
    .option('--customer <customer>', "this customer's webhook; without: the platform operator's")
    .action((causeId: string, { customer }: Pick<MuteOptions, 'customer'>) =>
      withServices(io, async ({ failures }) => {
        await failures.muteCause({ parent: parentOf(customer), causeId, untilTime: undefined, note: '' }, call);
        io.out(`${causeId} is not muted`);
      }),
    );
}

function parentOf(customer: string | undefined): string {
  return customer === undefined ? 'customers/-' : toCustomerName(customer);
}
