import type { Command } from 'commander';
import type { GetAppStatusResponse } from '@autoprov/proto';
import { sleep } from '@autoprov/service';
import { formatState, shortName } from '../app-status.ts';
import { callTimeoutMs, ifFound } from '../calls.ts';
import { CommandError, type Io } from '../io.ts';
import { chooseCustomer, listApps, toAppName } from '../names.ts';
import { withServices, type Services } from '../network.ts';
import { formatJson } from '../output.ts';
import {
  createProgress,
  formatIncomplete,
  LOOK_EVERY_MS,
  readSeconds,
  waitForRead,
  type Waiting,
} from '../wait-for-read.ts';
import { judgeApp } from '../wait-for-app.ts';

type SyncOptions = { customer?: string; app?: string; wait: number; json?: boolean };

/** How an app stood when it was last looked at. */
type Result = { app: string; state: string; failingCount: number; pendingCount: number; settled: boolean };

const call = { timeoutMs: callTimeoutMs };

export function addSync(program: Command, io: Io): void {
  program
    .command('sync')
    .description('read the directory now, and wait until its apps are in step')
    .option('--customer <customer>', 'the id of the customer; not needed where there is one')
    .option('--app <app>', 'wait for this app only')
    .option('--wait <seconds>', 'give up waiting after so long; 0: only ask for the read', readSeconds, 300)
    .option('--json', 'one JSON array, an object per app')
    .action((options: SyncOptions) => withServices(io, (services) => sync(io, services, options)));
}

async function sync(io: Io, services: Services, { customer: named, app, wait, json }: SyncOptions): Promise<void> {
  const customer = app?.startsWith('customers/') ? app.split('/apps/')[0]! : await chooseCustomer(services, named);
  const { readNo } = await services.directory.requestRead({ customer }, call);
  if (wait === 0) return io.out(json ? formatJson([]) : `read ${readNo} of ${customer} is asked for`);

  const progress = createProgress(io);
  const giveUp = Date.now() + wait * 1000;
  const read = await waitForRead(services, { customer, readNo, giveUp, progress });
  const apps = app === undefined ? await listApps(services, customer) : [toAppName(app, customer)];
  const results = await waitForApps(services, { apps, readNo, giveUp, progress });
  io.out(json ? formatJson(results) : results.map(formatResult).join('\n') || `${customer} is read and has no apps`);
  if (read.incompleteParts.length > 0) throw new CommandError(formatIncomplete(read));
  if (results.some(({ settled }) => !settled))
    throw new CommandError('not in step: see "autoprov status" and "autoprov failures"');
  if (results.some(({ failingCount }) => failingCount > 0))
    throw new CommandError('some people fail: see "autoprov failures"');
}

async function waitForApps(
  services: Services,
  { apps, readNo, giveUp, progress }: Waiting & { apps: string[]; readNo: bigint },
): Promise<Result[]> {
  const readEndedMs = Date.now();
  return Promise.all(
    apps.map(async (app) => {
      while (true) {
        const [status, found] = await Promise.all([
          services.push.getAppStatus({ app }, call),
          ifFound(services.config.getSetup({ name: `${app}/setup` }, call)),
        ]);
        const verdict = judgeApp({ status, setup: found?.setup, readNo, sinceReadMs: Date.now() - readEndedMs });
        if (verdict !== 'waiting' || Date.now() >= giveUp) return toResult(app, status, verdict === 'done');
        progress(shortName(app), formatState(status), `, ${status.pendingCount} pending`);
        await sleep(LOOK_EVERY_MS);
      }
    }),
  );
}

function toResult(app: string, status: GetAppStatusResponse, settled: boolean): Result {
  const { failingCount, pendingCount } = status;
  return {
    app,
    state: formatState(status),
    failingCount: Number(failingCount),
    pendingCount: Number(pendingCount),
    settled,
  };
}

function formatResult({ app, state, failingCount, pendingCount }: Result): string {
  const pending = pendingCount > 0 ? `, ${pendingCount} pending` : '';
  return `${shortName(app)}: ${state}, ${failingCount} failing${pending}`;
}
