import { diffUser, type ScimUser } from '@autoprov/scim';
import {
  Outcome_Action,
  Outcome_Result,
  TimelineEntry,
  TimelineEntry_Kind as Kind,
  type DirectoryUser,
  type ReadGap,
} from '@autoprov/proto';
import { describeSetupChange, describeUserChange } from '../domain/describe-change.ts';
import type { AppSetup } from '../domain/model.ts';
import type { Attempt } from '../store/attempts.ts';
import type { HeldAction } from '../store/held-actions.ts';
import type { PastHold } from '../store/holds.ts';
import type { Undo } from '../store/undos.ts';
import type { AccountThen, Down, Period, Version } from '../store/versions.ts';
import { toChanges } from './present-planned-action.ts';
import { presentHeldAction } from './present-held-action.ts';

/** What is kept of one person in one app within a time; of versions, with the one that was in effect when it began. */
export type Past = {
  customerId: string;
  users: Version<DirectoryUser>[];
  setups: Version<AppSetup | undefined>[];
  accounts: Version<AccountThen>[];
  attempts: Attempt[];
  held: HeldAction[];
  holds: PastHold[];
  undos: Undo[];
  downs: Version<Down>[];
  gaps: ReadGap[];
};

/** The past as a timeline: what happened within the time, the oldest first. */
export function toTimeline(past: Past, { from, to }: Period): TimelineEntry[] {
  const entries = [
    ...directoryChanges(past.users),
    ...past.gaps.flatMap(readGap),
    ...setupChanges(past.setups),
    ...waitingTimes(past.accounts),
    ...past.held.flatMap((row) => heldAction(past.customerId, row)),
    ...past.attempts.map((attempt) => tried(attempt, past.accounts)),
    ...past.holds.flatMap(hold),
    ...undosOf(past),
    ...appDowns(past.downs),
  ];
  return entries
    .filter(({ time }) => time! >= from && time! <= to)
    .toSorted((a, b) => a.time!.getTime() - b.time!.getTime());
}

function entry(kind: Kind, time: Date, rest: Partial<TimelineEntry>): TimelineEntry {
  return { ...TimelineEntry.fromPartial({}), kind, time, ...rest };
}

/** Each version with the one before it. The first has none: where it is not the first ever, it is older than the time asked for. */
function withPrevious<T>(versions: readonly Version<T>[]): { version: Version<T>; before: T | undefined }[] {
  return versions.map((version, index) => ({ version, before: versions[index - 1]?.value }));
}

function directoryChanges(users: Past['users']): TimelineEntry[] {
  return withPrevious(users).flatMap(({ version: { knownAt, value }, before }) => {
    const explanation = describeUserChange(before, value);
    if (explanation === undefined) return [];
    return entry(Kind.KIND_DIRECTORY_CHANGED, knownAt, { explanation, observeTime: value.observeTime });
  });
}

function readGap({ part, knownTime, startTime, endTime, code, detail }: ReadGap): TimelineEntry[] {
  const known = knownTime ? `last whole at ${knownTime.toISOString()}` : 'never whole before';
  const explanation = `${part} is not read whole (${known}): a change made there is not known`;
  const begin = entry(Kind.KIND_READ_INCOMPLETE, startTime!, { explanation, part, code, detail });
  if (!endTime) return [begin];
  return [begin, entry(Kind.KIND_READ_COMPLETE, endTime, { explanation: `${part} is read whole again`, part })];
}

function setupChanges(setups: Past['setups']): TimelineEntry[] {
  return withPrevious(setups).map(({ version: { knownAt, value }, before }) =>
    entry(Kind.KIND_SETUP_CHANGED, knownAt, {
      explanation: describeSetupChange(before?.setup, value?.setup),
      setupRevision: value?.revision ?? 0n,
    }),
  );
}

function waitingTimes(accounts: Past['accounts']): TimelineEntry[] {
  return withPrevious(accounts).flatMap(({ version: { knownAt, value }, before }) => {
    if (value.trigger === before?.trigger || value.state !== 'active') return [];
    if (!value.trigger) {
      return entry(Kind.KIND_UNSCHEDULED, knownAt, { explanation: 'is to have access again: no waiting time runs' });
    }
    const until = value.dueAt ? `; the next step is due at ${value.dueAt.toISOString()}` : '';
    const explanation = `is to lose access: ${value.trigger.replaceAll('_', ' ')}${until}`;
    return entry(Kind.KIND_SCHEDULED, knownAt, { explanation, dueTime: value.dueAt });
  });
}

function heldAction(customerId: string, row: HeldAction): TimelineEntry[] {
  const { action, danger, changes, explanation, setupRevision, endReason } = presentHeldAction(customerId, row);
  const what = { action, danger, setupRevision };
  const isProtected = row.protected ? ' (a protected person)' : '';
  return [
    entry(Kind.KIND_HELD, row.heldAt, {
      ...what,
      changes,
      explanation: `held by the guard${isProtected}: ${explanation}`,
    }),
    ...(row.approvedAt
      ? [entry(Kind.KIND_APPROVED, row.approvedAt, { ...what, actor: row.approvedBy ?? '', explanation: 'approved' })]
      : []),
    ...(row.endedAt && row.endReason !== 'applied'
      ? [entry(Kind.KIND_DROPPED, row.endedAt, { ...what, explanation: endReason })]
      : []),
  ];
}

const words: Partial<Record<Outcome_Action, string>> = {
  [Outcome_Action.ACTION_CREATE]: 'the account was created',
  [Outcome_Action.ACTION_ADOPT]: 'an account that was there was linked',
  [Outcome_Action.ACTION_UPDATE]: 'attributes were changed',
  [Outcome_Action.ACTION_SUSPEND]: 'the account was suspended: access is confirmed off',
  [Outcome_Action.ACTION_REACTIVATE]: 'the account was activated again',
  [Outcome_Action.ACTION_DELETE]: 'the account was deleted: access is confirmed off',
};

function tried(attempt: Attempt, accounts: Past['accounts']): TimelineEntry {
  const { attemptedAt, action, result, code, reason, detail, explanation, setupRevision, nextAttemptAt } = attempt;
  switch (result) {
    case Outcome_Result.RESULT_ACCEPTED: {
      const changes = acceptedChanges(attemptedAt, accounts);
      const done = `${words[action] ?? 'accepted'} (${explanation})`;
      return entry(Kind.KIND_ACCEPTED, attemptedAt, { action, changes, explanation: done, setupRevision });
    }
    case Outcome_Result.RESULT_FAILED: {
      const refused = `it failed: ${reason} (${explanation})`;
      const rest = { action, code, reason, detail, setupRevision, dueTime: nextAttemptAt ?? undefined };
      return entry(Kind.KIND_FAILED, attemptedAt, { ...rest, explanation: refused });
    }
    default:
      return entry(Kind.KIND_WITHDRAWN, attemptedAt, { explanation: 'what had failed is no longer asked for' });
  }
}

function acceptedChanges(at: Date, accounts: Past['accounts']): TimelineEntry['changes'] {
  const found = withPrevious(accounts).find(({ version }) => version.knownAt.getTime() === at.getTime());
  const { accepted } = found?.version.value ?? {};
  if (!accepted) return [];
  const before = found?.before?.accepted;
  return toChanges(diffUser(before ?? ({ schemas: accepted.schemas } as ScimUser), accepted), before);
}

function hold({ parent, what, reason, placedBy, placedAt, supersededAt, supersededBy }: PastHold): TimelineEntry[] {
  const where = parent === 'customers/-' ? 'everywhere' : `for ${parent}`;
  const explanation = `${what} are held ${where}: ${reason}`;
  return [
    entry(Kind.KIND_HOLD_PLACED, placedAt, { explanation, actor: placedBy }),
    ...(supersededAt
      ? [
          entry(Kind.KIND_HOLD_RELEASED, supersededAt, {
            explanation: `${what} are no longer held ${where}`,
            actor: supersededBy ?? '',
          }),
        ]
      : []),
  ];
}

/** Those that brought this person's account back. */
function undosOf({ undos, accounts }: Past): TimelineEntry[] {
  const times = new Set(accounts.map(({ value }) => value.undoAt?.getTime()));
  return undos
    .filter(({ askedAt }) => times.has(askedAt.getTime()))
    .map(({ since, reason, askedBy, askedAt }) => {
      const explanation = `back to what was accepted before ${since.toISOString()}: ${reason}`;
      return entry(Kind.KIND_UNDO_ASKED, askedAt, { explanation, actor: askedBy });
    });
}

function appDowns(downs: Past['downs']): TimelineEntry[] {
  return downs.flatMap(({ knownAt, supersededAt, value: { code, reason, detail } }, index) => {
    const explanation = `the service provider as a whole fails, nothing is sent: ${reason}`;
    const begin = entry(Kind.KIND_APP_DOWN, knownAt, { explanation, code, reason, detail });
    // It goes on for another reason.
    const goesOn = downs[index + 1]?.knownAt.getTime() === supersededAt?.getTime();
    if (!supersededAt || goesOn) return [begin];
    return [begin, entry(Kind.KIND_APP_UP, supersededAt, { explanation: 'the service provider works again' })];
  });
}
