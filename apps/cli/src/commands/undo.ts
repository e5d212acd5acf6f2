import type { Command } from 'commander';
import { PlanUndoResponse, outcome_ActionToJSON, toCanonicalJson } from '@autoprov/proto';
import { callTimeoutMs, checkTimeoutMs } from '../calls.ts';
import type { Io } from '../io.ts';
import { chooseApp } from '../names.ts';
import { withServices, type Services } from '../network.ts';
import { formatJson, formatTable, formatWord, lastPart } from '../output.ts';
import { readTime } from '../read-time.ts';
import { addAppOptions, type AppOptions } from './app-options.ts';
import { formatChanges } from './held.ts';

type UndoOptions = AppOptions & { since: string; reason?: string };

export function addUndo(program: Command, io: Io): void {
  addAppOptions(program.command('undo'), 'one JSON object')
    .description(
      'bring accounts back to what was accepted before a time; without --reason, only show what would be done',
    )
    .requiredOption('--since <time>', 'when what is to be undone began, for example 2026-11-24T08:00:00Z')
    .option('--reason <text>', 'do it, and say why for those who ask')
    .action((options: UndoOptions) =>
      withServices(io, async (services) => {
        const app = await chooseApp(services, options.app, options.customer);
        const since = readTime(options.since)!;
        if (options.reason === undefined) {
          const plan = await fetchPlan(services, app, since);
          return io.out(
            options.json
              ? formatJson(toCanonicalJson('autoprov.push.v1.PlanUndoResponse', PlanUndoResponse, plan))
              : formatUndo(plan),
          );
        }
        const { reason } = options;
        const { accountCount } = await services.push.startUndo({ app, since, reason }, { timeoutMs: checkTimeoutMs });
        io.out(`undoing: ${accountCount} accounts go back to what was accepted before ${since.toISOString()}`);
        io.out(
          'they stay so until the person or the setup changes: correct the setup now, or go back with "autoprov rollback"',
        );
        io.out(`what may do harm waits for an approval: see "autoprov held --app ${lastPart(app)}"`);
      }),
    );
}

async function fetchPlan({ push }: Services, app: string, since: Date): Promise<PlanUndoResponse> {
  const plan = PlanUndoResponse.fromPartial({});
  for (let pageToken = ''; ;) {
    const page = await push.planUndo({ app, since, pageSize: 500, pageToken }, { timeoutMs: callTimeoutMs });
    plan.actions.push(...page.actions);
    plan.unrestorable.push(...page.unrestorable);
    if (page.nextPageToken === '') return plan;
    pageToken = page.nextPageToken;
  }
}

/** One row an account that would be brought back, and one for each that can't be. */
export function formatUndo({ actions, unrestorable }: PlanUndoResponse): string {
  const rows = [
    ...actions.map(({ user, action, changes, explanation }) => [
      lastPart(user),
      formatWord(outcome_ActionToJSON(action), 'ACTION_'),
      formatChanges(changes),
      explanation,
    ]),
    ...unrestorable.map(({ user, explanation }) => [lastPart(user), "can't come back", '', explanation]),
  ];
  if (rows.length === 0) return 'nothing to undo: every account is as it was before that time';
  const line = `${actions.length} would be brought back, ${unrestorable.length} can't be; add --reason "why" to do it`;
  return `${formatTable(['user', 'action', 'attributes', 'why'], rows)}\n\n${line}`;
}
