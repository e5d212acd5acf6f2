import type { Command } from 'commander';
import { Cause, toCanonicalJson } from '@autoprov/proto';
import { callTimeoutMs } from '../calls.ts';
import type { Io } from '../io.ts';
import { toCustomerName } from '../names.ts';
import { withServices } from '../network.ts';
import { formatAge, formatJson, formatTable, printable } from '../output.ts';

type TriageOptions = { customer?: string; json?: boolean };

export function addTriage(program: Command, io: Io): void {
  program
    .command('triage')
    .description('list why things fail: what has the same cause as one line, what affects most people first')
    .option('--customer <customer>', 'only of this customer')
    .option('--json', 'one JSON array')
    .action(({ customer, json }: TriageOptions) =>
      withServices(io, async ({ failures }) => {
        const parent = customer === undefined ? 'customers/-' : toCustomerName(customer);
        const { causes, totalSize } = await failures.listCauses({ parent, pageSize: 0 }, { timeoutMs: callTimeoutMs });
        if (json)
          return io.out(formatJson(causes.map((it) => toCanonicalJson('autoprov.failure.v1.Cause', Cause, it))));
        io.out(formatCauses(causes, totalSize, new Date()));
      }),
    );
}

/** One row a cause, then what to do about each; or a sentence. */
export function formatCauses(causes: Cause[], total: bigint, now: Date): string {
  if (causes.length === 0) return 'nothing is failing';
  const table = formatTable(
    ['people', 'apps', 'failures', 'code', 'reason', 'at', 'what they say', 'since', 'who acts', 'cause', 'muted for'],
    causes.map((cause) => [
      String(cause.personCount),
      String(cause.appCount),
      String(cause.failureCount),
      cause.code,
      cause.reason,
      cause.origin.replace('templates/', ''),
      printable(cause.pattern).slice(0, 60),
      formatAge(cause.openTime, now),
      cause.whoActs,
      cause.causeId,
      formatAge(cause.muteEndTime, now),
    ]),
  );
  const rest = total > BigInt(causes.length) ? [`and ${total - BigInt(causes.length)} more causes`] : [];
  return [table, ...rest, '', 'What to do', ...causes.flatMap(formatSteps)].join('\n');
}

function formatSteps({ code, title, resolution, nextCommand }: Cause): string[] {
  return [`  ${code} ${title}`, ...resolution.map((step) => `    - ${step}`), `    - who it is about: ${nextCommand}`];
}
