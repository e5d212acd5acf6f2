import { InvalidArgumentError, type Command } from 'commander';
import type { GetAppStatusResponse, GetReadStatusResponse } from '@autoprov/proto';
import { sleep } from '@autoprov/service';
import { formatState, shortName } from '../app-status.ts';
import { callTimeoutMs, ifFound } from '../calls.ts';
import { CommandError, type Io } from '../io.ts';
import { chooseCustomer, listApps, toAppName } from '../names.ts';
import { withServices, type Services } from '../network.ts';
import { formatJson, printable } from '../output.ts';
import { judgeApp } from '../wait-for-app.ts';

type SyncOptions = { customer?: string; app?: string; wait: number; json?: boolean };

/** How an app stood when it was last looked at. */
type Result = { app: string; state: string; failingCount: number; pendingCount: number; settled: boolean };

const LOOK_EVERY_MS = 500;
const PROGRESS_EVERY_MS = 5_000;
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

function readSeconds(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of seconds.');
  return Number(text);
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
  const incomplete = read.incompleteParts.map(({ part, detail }) => `${part} (${printable(detail)})`);
  if (incomplete.length > 0)
    throw new CommandError(`the read was not complete, so it removes nobody: ${incomplete.join(', ')}`);
  if (results.some(({ settled }) => !settled))
    throw new CommandError('not in step: see "autoprov status" and "autoprov failures"');
  if (results.some(({ failingCount }) => failingCount > 0))
    throw new CommandError('some people fail: see "autoprov failures"');
}

type Waiting = { giveUp: number; progress: Progress };

async function waitForRead(
  { directory }: Services,
  { customer, readNo, giveUp, progress }: Waiting & { customer: string; readNo: bigint },
): Promise<GetReadStatusResponse> {
  while (true) {
    const status = await directory.getReadStatus({ customer }, call);
    if (status.lastReadNo >= readNo) return status;
    progress(shortName(customer), ...formatRead(status));
    if (Date.now() >= giveUp) throw new CommandError(`read ${readNo} has not ended yet: wait longer with --wait`);
    await sleep(LOOK_EVERY_MS);
  }
}

function formatRead({ running }: GetReadStatusResponse): [state: string, detail: string] {
  if (!running) return ['waiting for the read to begin', ''];
  return ['reading', `: ${running.usersRead} people, ${running.groupsRead} of ${running.groupsTotal} groups`];
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

/** Says how something stands: a changed state at once, other changes every 5 s. */
type Progress = (about: string, state: string, detail?: string) => void;

function createProgress({ err }: Io): Progress {
  const last = new Map<string, { state: string; atMs: number }>();
  return (about, state, detail = '') => {
    const before = last.get(about);
    if (before?.state === state && Date.now() - before.atMs < PROGRESS_EVERY_MS) return;
    last.set(about, { state, atMs: Date.now() });
    err(`${about}: ${state}${detail}`);
  };
}
