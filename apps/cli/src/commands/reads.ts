import type { Command } from 'commander';
import { GetReadStatusResponse, toCanonicalJson, type PartStatus } from '@autoprov/proto';
import { callTimeoutMs } from '../calls.ts';
import { CommandError, type Io } from '../io.ts';
import { chooseCustomer } from '../names.ts';
import { withServices } from '../network.ts';
import { formatAge, formatJson, formatTable, printable } from '../output.ts';
import { createProgress, formatIncomplete, formatProgress, readSeconds, waitForRead } from '../wait-for-read.ts';

type ReadsOptions = { customer?: string; json?: boolean };
type ReadOptions = ReadsOptions & { wait: number };

const call = { timeoutMs: callTimeoutMs };
const customerOption = ['--customer <customer>', 'the id of the customer; not needed where there is one'] as const;

export function addReads(program: Command, io: Io): void {
  program
    .command('reads')
    .description('show how the reading of a directory stands, part by part')
    .option(...customerOption)
    .option('--json', 'one JSON object')
    .action(({ customer: named, json }: ReadsOptions) =>
      withServices(io, async (services) => {
        const customer = await chooseCustomer(services, named);
        const status = await services.directory.getReadStatus({ customer, showParts: true }, call);
        io.out(json ? formatJson(toJson(status)) : formatReads(status, new Date()));
      }),
    );
}

export function addRead(program: Command, io: Io): void {
  program
    .command('read')
    .description('read the directory now, and wait until it is read')
    .option(...customerOption)
    .option('--wait <seconds>', 'give up waiting after so long; 0: only ask for the read', readSeconds, 300)
    .option('--json', 'one JSON object')
    .action(({ customer: named, wait, json }: ReadOptions) =>
      withServices(io, async (services) => {
        const customer = await chooseCustomer(services, named);
        const { readNo } = await services.directory.requestRead({ customer }, call);
        if (wait > 0) {
          const giveUp = Date.now() + wait * 1000;
          await waitForRead(services, { customer, readNo, giveUp, progress: createProgress(io) });
        }
        const status = await services.directory.getReadStatus({ customer, showParts: true }, call);
        io.out(json ? formatJson(toJson(status)) : formatReads(status, new Date()));
        if (status.incompleteParts.length > 0 && wait > 0) throw new CommandError(formatIncomplete(status));
      }),
    );
}

function toJson(status: GetReadStatusResponse): unknown {
  return toCanonicalJson('autoprov.directory.v1.GetReadStatusResponse', GetReadStatusResponse, status);
}

/** What was read, what runs and what comes, in a line each; then the parts. */
export function formatReads(status: GetReadStatusResponse, now: Date): string {
  const { running, lastReadNo, lastEndTime, lastCompleteReadNo, lastCompleteTime, parts } = status;
  const ended = (readNo: bigint, time: Date | undefined) =>
    readNo === 0n ? 'none yet' : `read ${readNo}, ended ${formatAge(time, now)} ago`;
  const lines = [
    ...(running
      ? [`running    read ${running.readNo}${formatProgress(status, now).join('').replace('reading', '')}`]
      : []),
    `last       ${ended(lastReadNo, lastEndTime)}`,
    `complete   ${ended(lastCompleteReadNo, lastCompleteTime)}`,
    `next       ${formatNext(status, now)}`,
    `people     ${status.presentCount}`,
  ];
  return parts.length > 0 ? [...lines, '', formatParts(parts, now)].join('\n') : lines.join('\n');
}

function formatNext({ running, requestedReadNo, nextReadTime }: GetReadStatusResponse, now: Date): string {
  if (requestedReadNo > (running?.readNo ?? 0n)) return `read ${requestedReadNo}, which was asked for`;
  if (!nextReadTime) return 'none: no setup is active';
  return nextReadTime > now ? `in ${formatAge(nextReadTime, now)}` : 'now';
}

function formatParts(parts: PartStatus[], now: Date): string {
  return formatTable(
    ['part', 'whole', 'last read', 'code', 'why'],
    parts.map(({ part, completeTime, missingSince, incomplete, code, detail }) => [
      part.replace(/^groups\//, ''),
      completeTime ? `${formatAge(completeTime, now)} ago` : 'never',
      missingSince ? `missing for ${formatAge(missingSince, now)}` : incomplete ? 'not whole' : 'whole',
      code,
      printable(detail),
    ]),
  );
}
