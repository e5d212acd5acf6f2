import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import {
  Comparison,
  ComparisonFinding,
  comparisonFinding_KindToJSON,
  ComparisonFinding_Repair,
  ComparisonPolicy_Action,
  toCanonicalJson,
} from '@autoprov/proto';
import { callTimeoutMs } from '../calls.ts';
import { CommandError, type Io } from '../io.ts';
import { chooseApp } from '../names.ts';
import { withServices, type Services } from '../network.ts';
import { formatJson, formatTable, formatWord, lastPart } from '../output.ts';
import { addAppOptions, type AppOptions } from './app-options.ts';

const call = { timeoutMs: callTimeoutMs };
const askEveryMs = 1_000;
const tellEveryMs = 5_000;

type CompareOptions = AppOptions & { last?: boolean };
type Found = { comparison: Comparison; findings: ComparisonFinding[] };

export function addCompare(program: Command, io: Io): void {
  addAppOptions(program.command('compare'), 'one JSON object')
    .description(
      'compare the accounts of an app with what the service provider really holds: what others changed, what is gone, what belongs to nobody',
    )
    .option('--last', 'show the last comparison instead of making one')
    .action((options: CompareOptions) =>
      withServices(io, async (services) => {
        const app = await chooseApp(services, options.app, options.customer);
        if (!options.last) await compareNow(services, io, app);
        const found = await fetchFound(services, app);
        io.out(options.json ? toJson(found) : formatFound(found));
      }),
    );
}

/** Asks for a comparison and waits until it has ended: as long as the service provider takes to list its accounts. */
async function compareNow({ push }: Services, io: Io, app: string): Promise<void> {
  const { comparisonId } = await push.compareAccounts({ app }, call);
  for (let toldAtMs = Date.now(); ; await pause(askEveryMs)) {
    const { runningId, runningCount } = await push.getComparison({ app, pageSize: 1, pageToken: '' }, call);
    if (runningId !== comparisonId) return;
    if (Date.now() - toldAtMs < tellEveryMs) continue;
    toldAtMs = Date.now();
    const { explanation } = await push.getAppStatus({ app }, call);
    io.err(`${runningCount} accounts read; ${explanation}`);
  }
}

async function fetchFound({ push }: Services, app: string): Promise<Found> {
  const findings: ComparisonFinding[] = [];
  for (let pageToken = ''; ;) {
    const page = await push.getComparison({ app, pageSize: 500, pageToken }, call);
    if (!page.comparison) throw new CommandError('the first comparison has not ended yet: try again in a moment');
    findings.push(...page.findings);
    if (page.nextPageToken === '') return { comparison: page.comparison, findings };
    pageToken = page.nextPageToken;
  }
}

function toJson({ comparison, findings }: Found): string {
  return formatJson({
    comparison: toCanonicalJson('autoprov.push.v1.Comparison', Comparison, comparison),
    findings: findings.map((one) => toCanonicalJson('autoprov.push.v1.ComparisonFinding', ComparisonFinding, one)),
  });
}

/** The numbers, then a row for each thing that was found. */
export function formatFound({ comparison, findings }: Found): string {
  const numbers = formatNumbers(comparison);
  if (findings.length === 0) return numbers;
  const table = formatTable(
    ['what', 'user', 'account', 'attribute', 'accepted', 'found', 'by', 'repair'],
    findings.map((finding) => [
      formatWord(comparisonFinding_KindToJSON(finding.kind), 'KIND_'),
      finding.user === '' ? '' : lastPart(finding.user),
      finding.userName || finding.scimId,
      finding.attribute,
      formatValue(finding, finding.accepted),
      formatValue(finding, finding.found),
      finding.externalIdOrigin,
      formatRepair(finding.repair),
    ]),
  );
  return `${numbers}\n\n${table}`;
}

function formatNumbers(comparison: Comparison): string {
  const { listedCount, comparedCount, driftedCount, missingCount, unlinkedCount, orphanCount } = comparison;
  const drifted: [bigint, string] = [
    driftedCount,
    comparison.action === ComparisonPolicy_Action.ACTION_REPAIR
      ? 'have attributes that others changed: they are pushed again'
      : 'have attributes that others changed: nothing is written',
  ];
  const others: [bigint, string][] = [
    [missingCount, 'linked accounts are not there any more'],
    [unlinkedCount, 'accounts without a link look like somebody in the directory'],
    [orphanCount, 'accounts without a link look like nobody: never touched'],
  ];
  const lines: [bigint, string][] = [
    [listedCount, 'accounts at the service provider'],
    [comparedCount, 'of them linked and compared'],
    drifted,
    ...(comparison.complete ? others : []),
    ...Object.entries(comparison.secondWriters).map(([writer, n]): [bigint, string] => [
      n,
      `changed by another: ${writer}`,
    ]),
  ];
  const width = Math.max(...lines.map(([count]) => String(count).length));
  const unlisted = comparison.unlistedAttributes.join(', ');
  return [
    ...lines.map(([count, words]) => `${String(count).padStart(width)} ${words}`),
    ...(unlisted === '' ? [] : [`not compared, for the list shows them otherwise than the account: ${unlisted}`]),
    ...(comparison.complete
      ? []
      : [`not complete, so nothing is said of accounts that are not linked: ${comparison.explanation}`]),
  ].join('\n');
}

function formatValue({ attribute }: ComparisonFinding, value: unknown): string {
  if (attribute === '') return '';
  return value === undefined ? 'none' : JSON.stringify(value);
}

function formatRepair(repair: ComparisonFinding_Repair): string {
  if (repair === ComparisonFinding_Repair.REPAIR_DUE) return 'pushed again';
  return repair === ComparisonFinding_Repair.REPAIR_STOPPED ? 'stopped: changed again after a repair' : '';
}
