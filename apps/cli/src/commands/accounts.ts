import type { Command } from 'commander';
import { Account, account_OriginToJSON, account_StateToJSON, toCanonicalJson } from '@autoprov/proto';
import { callTimeoutMs, collectPages } from '../calls.ts';
import type { Io } from '../io.ts';
import { chooseApp } from '../names.ts';
import { withServices } from '../network.ts';
import { formatAge, formatJson, formatTable, formatWord, lastPart } from '../output.ts';

type AccountsOptions = { app: string; customer?: string; json?: boolean };

export function addAccounts(program: Command, io: Io): void {
  program
    .command('accounts')
    .description('list the accounts of an app')
    .requiredOption('--app <app>', 'the id of the app')
    .option('--customer <customer>', 'the id of the customer; not needed where there is one')
    .option('--json', 'one JSON array')
    .action((options: AccountsOptions) =>
      withServices(io, async (services) => {
        const parent = await chooseApp(services, options.app, options.customer);
        const accounts = await collectPages(async (pageToken) => {
          const page = await services.push.listAccounts(
            { parent, pageSize: 500, pageToken },
            { timeoutMs: callTimeoutMs },
          );
          return { items: page.accounts, nextPageToken: page.nextPageToken };
        });
        io.out(options.json ? toJson(accounts) : formatAccounts(accounts, new Date()));
      }),
    );
}

function toJson(accounts: Account[]): string {
  return formatJson(accounts.map((account) => toCanonicalJson('autoprov.push.v1.Account', Account, account)));
}

/** One row an account, or a sentence. */
export function formatAccounts(accounts: Account[], now: Date): string {
  if (accounts.length === 0) return 'no accounts yet';
  return formatTable(
    ['user', 'user name', 'state', 'origin', 'scim id', 'accepted', 'failing', 'next'],
    accounts.map((account) => [
      lastPart(account.name),
      String(account.accepted?.['userName'] ?? ''),
      account.state ? formatWord(account_StateToJSON(account.state), 'STATE_') : 'none yet',
      account.origin ? formatWord(account_OriginToJSON(account.origin), 'ORIGIN_') : '',
      account.scimId,
      formatAge(account.acceptTime, now),
      [account.failureCode, account.failureReason].join(' '),
      formatDue(account.dueTime, now),
    ]),
  );
}

function formatDue(dueTime: Date | undefined, now: Date): string {
  if (!dueTime) return '';
  return dueTime > now ? `in ${formatAge(dueTime, now)}` : 'now';
}
