import { Option, type Command } from 'commander';
import {
  dangerToJSON,
  HeldAction,
  HeldAction_State,
  outcome_ActionToJSON,
  toCanonicalJson,
  type AttributeChange,
} from '@autoprov/proto';
import { callTimeoutMs } from '../calls.ts';
import type { Io } from '../io.ts';
import { chooseApp } from '../names.ts';
import { withServices, type Services } from '../network.ts';
import { formatAge, formatJson, formatTable, formatWord, lastPart } from '../output.ts';
import { addAppOptions, type AppOptions } from './app-options.ts';

const states = {
  held: HeldAction_State.STATE_HELD,
  approved: HeldAction_State.STATE_APPROVED,
  applied: HeldAction_State.STATE_APPLIED,
  dropped: HeldAction_State.STATE_DROPPED,
};

type HeldOptions = AppOptions & { state: keyof typeof states };
type Held = { actions: HeldAction[]; approvalHash: string; coveredCount: bigint };

export function addHeld(program: Command, io: Io): void {
  addAppOptions(program.command('held'), 'one JSON object')
    .description('list what the guard holds back in an app until somebody approves it, or what became of it')
    .addOption(new Option('--state <state>', 'which').choices(Object.keys(states)).default('held'))
    .action((options: HeldOptions) =>
      withServices(io, async (services) => {
        const app = await chooseApp(services, options.app, options.customer);
        const held = await listHeld(services, app, states[options.state]);
        io.out(options.json ? toJson(held) : formatHeld(held, lastPart(app), new Date()));
      }),
    );
}

export function addApprove(program: Command, io: Io): void {
  addAppOptions(program.command('approve'))
    .argument('<hash>', 'as "autoprov held" shows it: exactly what it listed is approved')
    .description('let go what the guard holds back; what has changed since it was listed is left out')
    .action((approvalHash: string, options: AppOptions) =>
      withServices(io, async (services) => {
        const app = await chooseApp(services, options.app, options.customer);
        const answer = await services.push.approveHeldActions({ app, approvalHash }, { timeoutMs: callTimeoutMs });
        const { approvedCount, droppedCount, waitingCount } = answer;
        io.out(`approved: ${approvedCount} changes are applied now, each if it is still to be done`);
        if (droppedCount > 0n) {
          io.out(
            `dropped: ${droppedCount} have changed since; see "autoprov held --app ${lastPart(app)} --state dropped"`,
          );
        }
        if (waitingCount > 0n) io.out(`waiting: ${waitingCount} need an approval of their own`);
      }),
    );
}

async function listHeld({ push }: Services, parent: string, state: HeldAction_State): Promise<Held> {
  const actions: HeldAction[] = [];
  for (let pageToken = ''; ;) {
    const page = await push.listHeldActions({ parent, pageSize: 500, pageToken, state }, { timeoutMs: callTimeoutMs });
    actions.push(...page.heldActions);
    const { nextPageToken, approvalHash, coveredCount } = page;
    if (nextPageToken === '') return { actions, approvalHash, coveredCount };
    pageToken = nextPageToken;
  }
}

function toJson({ actions, approvalHash, coveredCount }: Held): string {
  return formatJson({
    approvalHash,
    coveredCount: Number(coveredCount),
    heldActions: actions.map((action) => toCanonicalJson('autoprov.push.v1.HeldAction', HeldAction, action)),
  });
}

/** One row a change, and how to approve them. */
export function formatHeld({ actions, approvalHash, coveredCount }: Held, app: string, now: Date): string {
  if (actions.length === 0) return 'nothing';
  const table = formatTable(
    ['user', 'action', 'danger', 'attributes', 'why', 'since', 'approved by', 'ended'],
    actions.map((action) => [
      lastPart(action.user),
      formatWord(outcome_ActionToJSON(action.action), 'ACTION_'),
      formatWord(dangerToJSON(action.danger), 'DANGER_'),
      formatChanges(action.changes),
      `${action.explanation}${action.isProtected ? '; protected, never approved' : ''}`,
      formatAge(action.holdTime, now),
      action.approver,
      action.endReason || formatAge(action.endTime, now),
    ]),
  );
  if (coveredCount === 0n) return table;
  return `${table}\n\nto approve these ${coveredCount}: autoprov approve ${approvalHash} --app ${app}`;
}

/** `userName: "a" → "b"`, one after another. */
export function formatChanges(changes: readonly AttributeChange[]): string {
  const show = (value: unknown) => (value === undefined || value === null ? 'none' : JSON.stringify(value));
  return changes.map(({ path, oldValue, newValue }) => `${path}: ${show(oldValue)} → ${show(newValue)}`).join(', ');
}
