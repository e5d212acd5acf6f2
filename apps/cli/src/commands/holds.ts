import { Argument, type Command } from 'commander';
import { Hold, Hold_What, hold_WhatToJSON, toCanonicalJson } from '@autoprov/proto';
import { callTimeoutMs } from '../calls.ts';
import { UsageError, type Io } from '../io.ts';
import { chooseApp, toCustomerName } from '../names.ts';
import { withServices, type Services } from '../network.ts';
import { formatAge, formatJson, formatTable, formatWord } from '../output.ts';

const whats = { removals: Hold_What.WHAT_REMOVALS, writes: Hold_What.WHAT_WRITES };
const ALL_CUSTOMERS = 'customers/-';
const call = { timeoutMs: callTimeoutMs };

type Where = { app?: string; customer?: string; all?: boolean; json?: boolean };

export function addHolds(program: Command, io: Io): void {
  addWhere(program.command('hold').addArgument(new Argument('<what>', 'what is kept back').choices(Object.keys(whats))))
    .description('stop removals, or all writes, within 10 seconds and until "autoprov release"')
    .requiredOption('--reason <reason>', 'why, for those who ask')
    .action((what: keyof typeof whats, { reason, ...where }: Where & { reason: string }) =>
      withServices(io, async (services) => {
        const parent = await parentOf(services, where);
        await services.push.placeHold({ parent, what: whats[what], reason }, call);
        io.out(`${what} of ${nameOf(parent)} are held`);
      }),
    );
  addWhere(program.command('release').addArgument(new Argument('<what>', 'of a hold').choices(Object.keys(whats))))
    .description('end a hold: what it kept back is decided again, and the guard judges it as a whole')
    .action((what: keyof typeof whats, where: Where) =>
      withServices(io, async (services) => {
        const parent = await parentOf(services, where);
        await services.push.releaseHold({ parent, what: whats[what] }, call);
        io.out(`${what} of ${nameOf(parent)} go on`);
      }),
    );
  addWhere(program.command('holds'))
    .description('list the holds in effect; without options all there are')
    .option('--json', 'one JSON array')
    .action((where: Where) =>
      withServices(io, async (services) => {
        const isAny = where.app === undefined && where.customer === undefined;
        const parent = isAny ? ALL_CUSTOMERS : await parentOf(services, where);
        const { holds } = await services.push.listHolds({ parent }, call);
        io.out(where.json ? toJson(holds) : formatHolds(holds, new Date()));
      }),
    );
}

function addWhere(command: Command): Command {
  return command
    .option('--app <app>', 'of this app')
    .option('--customer <customer>', 'of this customer, or of the app of this customer')
    .option('--all', 'of all customers');
}

async function parentOf(services: Services, { app, customer, all }: Where): Promise<string> {
  if (all && app === undefined && customer === undefined) return ALL_CUSTOMERS;
  if (all || (app ?? customer) === undefined) {
    throw new UsageError('say of what: --app with the id of one, --customer with the id of one, or --all');
  }
  return app === undefined ? toCustomerName(customer!) : chooseApp(services, app, customer);
}

function nameOf(parent: string): string {
  return parent === ALL_CUSTOMERS ? 'all customers' : parent;
}

/** One row a hold, or a sentence. */
export function formatHolds(holds: Hold[], now: Date): string {
  if (holds.length === 0) return 'nothing is held by anybody';
  return formatTable(
    ['what', 'of', 'by', 'since', 'why'],
    holds.map(({ parent, what, reason, placedBy, placeTime }) => [
      formatWord(hold_WhatToJSON(what), 'WHAT_'),
      nameOf(parent),
      placedBy,
      formatAge(placeTime, now),
      reason,
    ]),
  );
}

function toJson(holds: Hold[]): string {
  return formatJson(holds.map((hold) => toCanonicalJson('autoprov.push.v1.Hold', Hold, hold)));
}
