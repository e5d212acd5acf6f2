import type { Command } from 'commander';
import { ParkedEvent, toCanonicalJson } from '@autoprov/proto';
import { callTimeoutMs } from '../calls.ts';
import type { Io } from '../io.ts';
import { withServices } from '../network.ts';
import { formatAge, formatJson, formatTable, printable } from '../output.ts';

const REPLAY_TIMEOUT_MS = 300_000;

export function addParked(program: Command, io: Io): void {
  const parked = program.command('parked').description('messages that the failure reporter could not take in');
  parked
    .command('list', { isDefault: true })
    .description('list them, the newest first')
    .option('--json', 'one JSON array, with their values in base64')
    .action(({ json }: { json?: boolean }) =>
      withServices(io, async ({ failures }) => {
        const answer = await failures.listParkedEvents({ pageSize: 1000 }, { timeoutMs: callTimeoutMs });
        const { parkedEvents, totalSize } = answer;
        const toJson = (it: ParkedEvent) => toCanonicalJson('autoprov.failure.v1.ParkedEvent', ParkedEvent, it);
        io.out(json ? formatJson(parkedEvents.map(toJson)) : formatParked(parkedEvents, totalSize, new Date()));
      }),
    );
  parked
    .command('replay')
    .description('read them again, as after an upgrade; what can be read now is parked no more')
    .argument('[names...]', 'which, as "autoprov parked" shows them; none: all')
    .action((names: string[]) =>
      withServices(io, async ({ failures }) => {
        const answer = await failures.replayParkedEvents({ names }, { timeoutMs: REPLAY_TIMEOUT_MS });
        io.out(`read ${answer.replayedCount}, still parked ${answer.unreadableCount}`);
      }),
    );
}

/** One row a message; or a sentence. */
export function formatParked(events: ParkedEvent[], total: bigint, now: Date): string {
  if (events.length === 0) return 'nothing is parked';
  const table = formatTable(
    ['name', 'parked', 'why', 'begins with'],
    events.map(({ name, parkTime, error, value }) => [
      name,
      formatAge(parkTime, now),
      printable(error).slice(0, 80),
      printable(value.toString('utf8', 0, 40)),
    ]),
  );
  return total > BigInt(events.length) ? `${table}\nand ${total - BigInt(events.length)} more` : table;
}
