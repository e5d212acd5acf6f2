import { InvalidArgumentError } from 'commander';
import type { GetReadStatusResponse } from '@autoprov/proto';
import { sleep } from '@autoprov/service';
import { shortName } from './app-status.ts';
import { callTimeoutMs } from './calls.ts';
import { CommandError, type Io } from './io.ts';
import type { Services } from './network.ts';
import { formatAge, printable } from './output.ts';

/** Between two looks at what is waited for. */
export const LOOK_EVERY_MS = 500;
const PROGRESS_EVERY_MS = 5_000;

/** Until when somebody waits, and where progress is told. */
export type Waiting = { giveUp: number; progress: Progress };

/** Waits for the end of a read with that number or a higher one, and answers how reading stands then. */
export async function waitForRead(
  { directory }: Services,
  { customer, readNo, giveUp, progress }: Waiting & { customer: string; readNo: bigint },
): Promise<GetReadStatusResponse> {
  while (true) {
    const status = await directory.getReadStatus({ customer }, { timeoutMs: callTimeoutMs });
    if (status.lastReadNo >= readNo) return status;
    progress(shortName(customer), ...formatProgress(status, new Date()));
    if (Date.now() >= giveUp) throw new CommandError(`read ${readNo} has not ended yet: wait longer with --wait`);
    await sleep(LOOK_EVERY_MS);
  }
}

/** How far the running read is, and how long it will take yet. */
export function formatProgress(
  { running }: Pick<GetReadStatusResponse, 'running'>,
  now: Date,
): [state: string, detail: string] {
  if (!running) return ['waiting for the read to begin', ''];
  const { usersRead, groupsRead, groupsTotal, estimatedEndTime } = running;
  const left = estimatedEndTime && estimatedEndTime > now ? `, about ${formatAge(estimatedEndTime, now)} left` : '';
  return ['reading', `: ${usersRead} people, ${groupsRead} of ${groupsTotal} groups${left}`];
}

/** What the last read did not have whole. */
export function formatIncomplete({ incompleteParts }: GetReadStatusResponse): string {
  const parts = incompleteParts.map(({ part, detail }) => `${printable(part)} (${printable(detail)})`);
  return `the read was not complete, so it removes nobody: ${parts.join(', ')}`;
}

/** Says how something stands: a changed state at once, other changes every 5 s. */
export type Progress = (about: string, state: string, detail?: string) => void;

/** Tells progress beside the output. */
export function createProgress({ err }: Io): Progress {
  const last = new Map<string, { state: string; atMs: number }>();
  return (about, state, detail = '') => {
    const before = last.get(about);
    if (before?.state === state && Date.now() - before.atMs < PROGRESS_EVERY_MS) return;
    last.set(about, { state, atMs: Date.now() });
    err(`${about}: ${state}${detail}`);
  };
}

/** Reads an option that is a number of seconds. */
export function readSeconds(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of seconds.');
  return Number(text);
}
