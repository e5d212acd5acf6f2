import type { Command } from 'commander';
import { timelineEntry_KindToJSON, TimelineEntry, toCanonicalJson } from '@autoprov/proto';
import { callTimeoutMs, collectPages } from '../calls.ts';
import type { Io } from '../io.ts';
import { chooseApp, toUserName } from '../names.ts';
import { withServices } from '../network.ts';
import { formatTable, formatWord } from '../output.ts';
import { readTime } from '../read-time.ts';
import { addAppOptions, type AppOptions } from './app-options.ts';
import { formatChanges } from './held.ts';

type TimelineOptions = AppOptions & { since?: string; until?: string };

export function addTimeline(program: Command, io: Io): void {
  addAppOptions(program.command('timeline'), 'JSON Lines: one object for each thing that happened')
    .argument('<user>', "the person's primary address, or the id in the directory")
    .description('tell what happened to a person in an app, in order, and why')
    .option('--since <time>', 'only then or later, for example 2026-11-24 or 2026-11-24T08:00:00Z')
    .option('--until <time>', 'only until then')
    .action((person: string, options: TimelineOptions) =>
      withServices(io, async (services) => {
        const parent = await chooseApp(services, options.app, options.customer);
        const [startTime, endTime] = [readTime(options.since), readTime(options.until)];
        const user = toUserName(person, parent);
        const entries = await collectPages(async (pageToken) => {
          const request = { parent, user, startTime, endTime, pageSize: 500, pageToken };
          const page = await services.push.listTimeline(request, { timeoutMs: callTimeoutMs });
          return { items: page.entries, nextPageToken: page.nextPageToken };
        });
        if (!options.json) return io.out(formatTimeline(entries));
        for (const entry of entries) {
          io.out(JSON.stringify(toCanonicalJson('autoprov.push.v1.TimelineEntry', TimelineEntry, entry)));
        }
      }),
    );
}

/** One row an entry, the oldest first. */
export function formatTimeline(entries: readonly TimelineEntry[]): string {
  if (entries.length === 0) return 'nothing is kept of that time';
  return formatTable(
    ['when', 'what', 'how', 'by', 'code', 'details'],
    entries.map(({ time, kind, explanation, actor, code, detail, changes }) => [
      time!.toISOString().replace('.000', ''),
      formatWord(timelineEntry_KindToJSON(kind), 'KIND_'),
      explanation,
      actor,
      code,
      [detail, formatChanges(changes)].filter((text) => text !== '').join('; '),
    ]),
  );
}
