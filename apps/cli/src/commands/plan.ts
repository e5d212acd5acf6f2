import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import {
  fromCanonicalJson,
  outcome_ActionToJSON,
  PlanAppRequest,
  PlannedAction,
  PlanTotals,
  toCanonicalJson,
} from '@autoprov/proto';
import { parse } from 'yaml';
import { checkTimeoutMs } from '../calls.ts';
import { CommandError, type Io } from '../io.ts';
import { chooseApp } from '../names.ts';
import { withServices, type Services } from '../network.ts';
import { formatJson, formatTable, formatWord, lastPart } from '../output.ts';
import { addAppOptions, type AppOptions } from './app-options.ts';
import { formatChanges } from './held.ts';

const parts = ['attributeMapping', 'scope', 'deprovisioning', 'guard'];

type PlanOptions = AppOptions & { with?: string };
type Plan = { actions: PlannedAction[]; totals: PlanTotals | undefined; waitingFor: string[] };

export function addPlan(program: Command, io: Io): void {
  addAppOptions(program.command('plan'), 'one JSON object')
    .description('show what would be done for everybody in an app, and write nothing')
    .option('--with <file>', `as if the setup had these parts of a YAML or JSON file: ${parts.join(', ')}`)
    .action((options: PlanOptions) =>
      withServices(io, async (services) => {
        const app = await chooseApp(services, options.app, options.customer);
        const changed = options.with === undefined ? {} : readParts(resolve(io.cwd, options.with));
        const plan = await fetchPlan(services, { ...changed, app });
        io.out(options.json ? toJson(plan) : formatPlan(plan));
      }),
    );
}

function readParts(file: string): Partial<PlanAppRequest> {
  const message = `${file} cannot be read as parts of a setup: give it ${parts.join(', ')}, by their canonical JSON names`;
  try {
    return fromCanonicalJson('autoprov.push.v1.PlanAppRequest', PlanAppRequest, parse(readFileSync(file, 'utf8')));
  } catch (err) {
    throw new CommandError(`${message} (${(err as Error).message})`);
  }
}

async function fetchPlan({ push }: Services, changed: Partial<PlanAppRequest>): Promise<Plan> {
  const plan: Plan = { actions: [], totals: undefined, waitingFor: [] };
  for (let pageToken = ''; ;) {
    const request = { ...PlanAppRequest.fromPartial({}), ...changed, pageSize: 500, pageToken };
    const page = await push.planApp(request, { timeoutMs: checkTimeoutMs });
    plan.actions.push(...page.actions);
    plan.totals ??= page.totals;
    plan.waitingFor = page.waitingFor;
    if (page.nextPageToken === '') return plan;
    pageToken = page.nextPageToken;
  }
}

function toJson({ actions, totals, waitingFor }: Plan): string {
  return formatJson({
    totals: totals && toCanonicalJson('autoprov.push.v1.PlanTotals', PlanTotals, totals),
    waitingFor,
    actions: actions.map((action) => toCanonicalJson('autoprov.push.v1.PlannedAction', PlannedAction, action)),
  });
}

/** One row a person for whom something would be done, and the numbers. */
export function formatPlan({ actions, totals, waitingFor }: Plan): string {
  if (waitingFor.length > 0) return `no plan yet: it waits for a read of ${waitingFor.join(', ')}`;
  const { held, ...counts } = totals ?? PlanTotals.fromPartial({});
  const words = Object.entries(counts).filter(([, count]) => count > 0n);
  const sum = words.map(([word, count]) => `${count} ${word}`).join(', ') || 'nobody is known';
  const line = held > 0n ? `${sum}; of these ${held} would be held until they are approved` : sum;
  if (actions.length === 0) return line;
  const table = formatTable(
    ['user', 'action', 'held', 'attributes', 'why'],
    actions.map((action) => [
      lastPart(action.user),
      formatWord(outcome_ActionToJSON(action.action), 'ACTION_'),
      action.held ? 'held' : '',
      formatChanges(action.changes),
      action.explanation,
    ]),
  );
  return `${table}\n\n${line}`;
}
