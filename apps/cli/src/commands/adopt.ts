import type { Command } from 'commander';
import {
  AdoptionTotals,
  PlannedAdoption,
  plannedAdoption_KindToJSON,
  plannedAdoption_NoteToJSON,
  toCanonicalJson,
  type AttributeChange,
} from '@autoprov/proto';
import type { Io } from '../io.ts';
import { chooseApp } from '../names.ts';
import { withServices, type Services } from '../network.ts';
import { formatJson, formatTable, formatWord, lastPart } from '../output.ts';
import { addAppOptions, type AppOptions } from './app-options.ts';

/** All accounts are read from the service provider, at its pace: as long as the service lets a stream take. */
const timeoutMs = 600_000;
const progressEveryMs = 2_000;

type AdoptOptions = AppOptions & { all?: boolean };
type Report = { totals: AdoptionTotals | undefined; adoptions: PlannedAdoption[] };

export function addAdopt(program: Command, io: Io): void {
  addAppOptions(program.command('adopt'), 'one JSON object')
    .description(
      "show whose account at the service provider the first push would adopt, with which changes, and write nothing; 'hold writes' and 'activate' first",
    )
    .option('--all', 'rows also for those to whom nothing would be sent and about whom nothing is to be noted')
    .action((options: AdoptOptions) =>
      withServices(io, async (services) => {
        const app = await chooseApp(services, options.app, options.customer);
        const report = await fetchReport(services, io, app, options.all ?? false);
        io.out(options.json ? toJson(report) : formatReport(report, lastPart(app)));
      }),
    );
}

async function fetchReport({ push }: Services, io: Io, app: string, all: boolean): Promise<Report> {
  const report: Report = { totals: undefined, adoptions: [] };
  let toldAtMs = Date.now();
  for await (const { readCount, totals, adoptions } of push.planAdoption({ app, all }, { timeoutMs })) {
    report.totals ??= totals;
    report.adoptions.push(...adoptions);
    if (readCount === 0n || Date.now() - toldAtMs < progressEveryMs) continue;
    toldAtMs = Date.now();
    io.err(`${readCount} accounts read`);
  }
  return report;
}

function toJson({ totals, adoptions }: Report): string {
  return formatJson({
    totals: totals && toCanonicalJson('autoprov.push.v1.AdoptionTotals', AdoptionTotals, totals),
    adoptions: adoptions.map((one) => toCanonicalJson('autoprov.push.v1.PlannedAdoption', PlannedAdoption, one)),
  });
}

/** The numbers, then one row a person or account that is to be looked at. */
export function formatReport({ totals = AdoptionTotals.fromPartial({}), adoptions }: Report, app: string): string {
  if (totals.waitingFor.length > 0) return formatWaiting(totals.waitingFor, app);
  const numbers = formatNumbers(totals);
  if (adoptions.length === 0) return numbers;
  const table = formatTable(
    ['user', 'account', 'what', 'by', 'to note', 'attributes', 'why'],
    adoptions.map((one) => [
      one.user === '' ? '' : lastPart(one.user),
      one.userName,
      formatWord(plannedAdoption_KindToJSON(one.kind), 'KIND_'),
      one.matchedBy,
      formatNotes(one),
      one.changes.map(formatChange).join('; '),
      one.explanation,
    ]),
  );
  return `${numbers}\n\n${table}`;
}

function formatWaiting(waitingFor: readonly string[], app: string): string {
  const advice = `the directory is read for active setups only: "autoprov hold writes --app ${app} --reason cut-over", "autoprov activate --app ${app}", and try again in a moment`;
  return `no report yet: it waits for a read of ${waitingFor.join(', ')}; ${advice}`;
}

function formatNumbers(totals: AdoptionTotals): string {
  const { adopts, equal, linked, creates, held, contested, externalIdOrigins } = totals;
  const lines: [count: bigint, words: string, always?: boolean][] = [
    [
      totals.accountCount,
      totals.listed ? 'accounts at the service provider' : 'accounts found: the service provider does not list them',
      true,
    ],
    [linked, 'people are linked already'],
    [adopts, `would be adopted: ${equal} as they are, ${adopts - equal} with a write`, true],
    [held, 'of these would be held until they are approved'],
    [contested, 'of these match an account that another person matches, too'],
    [creates, 'would be created', true],
    [totals.ambiguous, 'match several accounts: 45003'],
    [totals.foreign, 'match an account with another externalId, which the policy does not touch: 45003'],
    [totals.taken, "match another person's account: 45003"],
    [totals.leftAlone, 'match an account that the policy does not adopt'],
    [totals.refusals, 'cannot be sent: a required value is missing, or an expression fails'],
    [totals.letterCase, 'differ in the letter case of the user name or address'],
    [totals.handles, 'have a handle instead of an address as user name'],
    [totals.inactive, 'have an inactive account'],
    ...Object.entries(externalIdOrigins).map(([origin, n]): [bigint, string] => [
      n,
      `have another externalId: ${origin}`,
    ]),
    [totals.unmatchedAccounts, `accounts match nobody in scope, ${totals.unmatchedActiveAccounts} of them active`],
  ];
  const shown = lines.filter(([count, , always]) => count > 0n || always);
  const width = Math.max(...shown.map(([count]) => String(count).length));
  return shown.map(([count, words]) => `${String(count).padStart(width)} ${words}`).join('\n');
}

function formatNotes({ notes, externalIdOrigin, held }: PlannedAdoption): string {
  const words = notes.map((note) => formatWord(plannedAdoption_NoteToJSON(note), 'NOTE_'));
  const origin = externalIdOrigin === '' ? '' : ` (${externalIdOrigin})`;
  return [
    ...words.map((word) => (word.startsWith('foreign') ? `${word}${origin}` : word)),
    ...(held ? ['held'] : []),
  ].join(', ');
}

function formatChange({ path, oldValue, newValue }: AttributeChange): string {
  return `${path}: ${formatValue(oldValue)} → ${formatValue(newValue)}`;
}

function formatValue(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}
