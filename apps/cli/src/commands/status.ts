import type { Command } from 'commander';
import { rpcErrorOf } from '@autoprov/grpc';
import { GetAppCountersResponse, GetAppStatusResponse, GetReadStatusResponse, toCanonicalJson } from '@autoprov/proto';
import { formatStatuses, readAppStatuses, type AppStatus } from '../app-status.ts';
import { CommandError, type Io } from '../io.ts';
import { listCustomers, toCustomerName } from '../names.ts';
import { withServices } from '../network.ts';
import { formatJson } from '../output.ts';

type StatusOptions = { customer?: string; json?: boolean };

export function addStatus(program: Command, io: Io): void {
  program
    .command('status')
    .description('show how every app stands')
    .option('--customer <customer>', 'only of this customer')
    .option('--json', 'one JSON array')
    .action((options: StatusOptions) =>
      withServices(io, async (services) => {
        const { customer } = options;
        const customers = customer === undefined ? await listCustomers(services) : [toCustomerName(customer)];
        const refusals = new Set<string>();
        const collect = (err: unknown) => refusals.add(rpcErrorOf(err).message);
        const statuses: AppStatus[] = [];
        for (const name of customers) statuses.push(...(await readAppStatuses(services, name, collect)));
        if (options.json) io.out(formatJson(statuses.map(toJson)));
        else io.out(statuses.length > 0 ? formatStatuses(statuses, new Date()) : 'no apps yet');
        if (refusals.size > 0) {
          throw new CommandError(`the status is not complete, try again: ${[...refusals].join('; ')}`);
        }
      }),
    );
}

function toJson({ app, live, counters, read }: AppStatus) {
  return {
    app,
    status: live && toCanonicalJson('autoprov.push.v1.GetAppStatusResponse', GetAppStatusResponse, live),
    counters30Days:
      counters && toCanonicalJson('autoprov.failure.v1.GetAppCountersResponse', GetAppCountersResponse, counters),
    read: read && toCanonicalJson('autoprov.directory.v1.GetReadStatusResponse', GetReadStatusResponse, read),
  };
}
