import { createHash } from 'node:crypto';
import { managedPart } from '@autoprov/mapping';
import type { GuardPolicy, ProvisioningSetup } from '@autoprov/proto';
import { diffUser, type JsonObject, type JsonValue, type ScimUser } from '@autoprov/scim';
import { changedIdentity, clearedPaths, keepValue } from './dangerous-attributes.ts';
import type { Decision } from './decide.ts';
import type { Account } from './model.ts';

/** What about a change may do harm: an account is suspended or deleted, a userName or primary address becomes another, an
 * attribute loses its value, a person is taken out of pushed groups. */
export type Danger = 'access' | 'identity' | 'clearing' | 'membership';
export const dangers: readonly Danger[] = ['access', 'identity', 'clearing', 'membership'];

/** One attribute's change, by SCIM path; null: no value. */
export type ValueChange = { path: string; oldValue: JsonValue; newValue: JsonValue };

/** The part of a decision that may do harm. */
export type DangerousChange = { danger: Danger; action: Decision['do']; changes: ValueChange[] };

/** Limits of the guard, each in effect. */
export type GuardLimits = { maxCount: number; maxSharePercent: number; windowMs: number };

/** The longest window of a GuardPolicy. */
export const guardWindowMaxMs = 31 * 86_400_000;

/** So few people may lose something whatever the share is: one leaver of a small app is no accident. */
const alwaysFreeCount = 5;

/** The limits of a setup, and of the operator where it has none. */
export function limitsOf(policy: GuardPolicy | undefined, operators: GuardLimits): GuardLimits {
  const { maxCount = 0, maxSharePercent = 0, window } = policy ?? {};
  return {
    maxCount: maxCount || operators.maxCount,
    maxSharePercent: maxSharePercent || operators.maxSharePercent,
    windowMs: window ? Number(window.seconds) * 1000 : operators.windowMs,
  };
}

/**
 * How many people may lose something within the window: by count and by share, but up to five always, and of these never
 * more than half, rounded up.
 *
 * @param accountCount active accounts, with those that lost access within the window
 */
export function allowedCount({ maxCount, maxSharePercent }: GuardLimits, accountCount: number): number {
  const byShare = Math.floor((accountCount * maxSharePercent) / 100);
  return Math.min(maxCount, Math.max(byShare, Math.min(alwaysFreeCount, Math.max(1, Math.ceil(accountCount / 2)))));
}

/** Since when what was let go counts. */
export function windowStart(policy: GuardPolicy | undefined, operators: GuardLimits, now: Date): Date {
  return new Date(now.getTime() - limitsOf(policy, operators).windowMs);
}

/**
 * What about a decision may do harm; empty: nothing.
 *
 * @param lostGroups pushed groups whose member the person is at the service provider, and no longer in the directory
 */
export function findDangers(
  setup: ProvisioningSetup,
  decision: Decision,
  account: Account,
  lostGroups: readonly string[] = [],
): DangerousChange[] {
  // Who has no access loses none.
  if (decision.do === 'suspend' && account.state === 'suspended') return [];
  if (decision.do === 'suspend' || decision.do === 'delete') {
    return [{ danger: 'access', action: decision.do, changes: [] }];
  }
  const lost = account.state === 'active' && lostGroups.length > 0 ? [loseMemberships(lostGroups)] : [];
  return [...findAttributeDangers(setup, decision, account), ...lost];
}

function loseMemberships(groups: readonly string[]): DangerousChange {
  const changes = groups.map((group) => ({ path: 'groups', oldValue: group, newValue: null }));
  return { danger: 'membership', action: 'update', changes };
}

function findAttributeDangers(setup: ProvisioningSetup, decision: Decision, account: Account): DangerousChange[] {
  if (decision.do !== 'update' && decision.do !== 'reactivate') return [];
  const before = acceptedPart(setup, account);
  const after = decision.desired as JsonObject;
  const identity = changedIdentity(before, after);
  const clearing = clearedPaths(before, after).map(({ path, oldValue }) => ({ path, oldValue, newValue: null }));
  return [
    ...(identity.length > 0 ? [{ danger: 'identity' as const, action: decision.do, changes: identity }] : []),
    ...(clearing.length > 0 ? [{ danger: 'clearing' as const, action: decision.do, changes: clearing }] : []),
  ];
}

/** What tells two dangerous changes of one person apart. */
export function digestOfChange({ danger, action, changes }: DangerousChange): string {
  return createHash('sha256')
    .update(JSON.stringify([danger, action, changes]))
    .digest('base64url');
}

/** What is held of a person, as far as a later decision is compared with it. */
export type HeldChange = { digest: string; setupRevision: bigint; protected: boolean; approvalNo?: bigint };

/**
 * What decides over a dangerous change:
 * - `protected`: the policy; it is held, whatever is approved
 * - `held`: an approval, which is not there, or is of something else than what is to be done now
 * - `approved`: an approval, which is there
 * - `counted`: the person has lost the like within the window; once more is no further person
 * - `limited`: what the limits leave
 */
export type Verdict = 'protected' | 'held' | 'approved' | 'counted' | 'limited';

/**
 * Says what decides over a dangerous change of one person.
 *
 * @param row what is held of the same danger
 * @param revision of the setup it was decided with; undefined: of none that is stored
 */
export function judgeChange(
  change: DangerousChange,
  about: { row: HeldChange | undefined; revision: bigint | undefined; isProtected: boolean; isCounted: boolean },
): Verdict {
  const { row, revision, isProtected, isCounted } = about;
  if (isProtected && change.danger === 'access') return 'protected';
  // Whoever is held stays so, whatever the limits leave, the setup says or else is to be lost now.
  if (row && !row.protected)
    return row.approvalNo !== undefined && holdsExactly(row, change, revision) ? 'approved' : 'held';
  return isCounted ? 'counted' : 'limited';
}

/** Whether it is held whatever the limits leave. */
export function isHeldAnyway(verdict: Verdict): boolean {
  return verdict === 'protected' || verdict === 'held';
}

/** Whether what is held is exactly this change, decided with this revision of the setup. */
export function holdsExactly(row: HeldChange, change: DangerousChange, revision: bigint | undefined): boolean {
  return row.setupRevision === revision && row.digest === digestOfChange(change);
}

/** The decision without what is held: everything else about the person goes on. */
export function holdBack(
  setup: ProvisioningSetup,
  decision: Decision,
  account: Account,
  held: readonly DangerousChange[],
): Decision {
  if (held.length === 0) return decision;
  const explanation = `${decision.explanation}; held by the guard until it is approved: ${held.map(describeChange).join(', ')}`;
  if (decision.do === 'suspend' || decision.do === 'delete') {
    // The next timer starts nothing before this step is done.
    const { dueAt: _, ...rest } = decision;
    return { ...rest, do: 'nothing', explanation };
  }
  if (decision.do !== 'update' && decision.do !== 'reactivate') return decision;
  const before = acceptedPart(setup, account);
  const desired = structuredClone(decision.desired) as JsonObject;
  for (const { danger, changes } of held) {
    if (danger === 'identity') for (const { path } of changes) keepValue(desired, before, [path]);
    if (danger !== 'clearing') continue;
    for (const { keys } of clearedPaths(before, desired, changes)) keepValue(desired, before, keys);
  }
  const changes = diffUser(before as ScimUser, desired as ScimUser);
  if (changes.length === 0) return { ...decision, do: 'nothing', explanation };
  return { ...decision, desired: desired as ScimUser, changes, explanation };
}

/** Whether a policy never lets a push take this person's access away. */
export function isProtected(policy: GuardPolicy | undefined, userId: string, primaryEmail: string): boolean {
  const address = primaryEmail.toLowerCase();
  return (policy?.protectedPersons ?? []).some((entry) => entry === userId || entry.toLowerCase() === address);
}

/** What is held, in a few words without values. */
export function describeChange({ danger, action, changes }: DangerousChange): string {
  if (danger === 'access') return action;
  if (danger === 'membership') return `out of ${changes.map(({ oldValue }) => oldValue as string).join(', ')}`;
  const paths = changes.map(({ path }) => path).join(', ');
  return danger === 'identity' ? `another ${paths}` : `no ${paths} any more`;
}

function acceptedPart(setup: ProvisioningSetup, account: Account): JsonObject {
  return managedPart(setup.attributeMapping?.rows ?? [], (account.accepted ?? {}) as JsonObject);
}
