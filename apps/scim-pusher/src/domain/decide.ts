import {
  DirectoryUser_State,
  type DirectoryUser,
  type DeprovisioningPolicy,
  type ProvisioningSetup,
} from '@autoprov/proto';
import { isInScope, managedPart, mapUser } from '@autoprov/mapping';
import { digestOf, diffUser, type JsonObject, type PatchOperation, type ScimUser } from '@autoprov/scim';
import { isLinked, type Account, type Trigger } from './model.ts';

/** What the decision needs to know; nothing else influences it. */
export type Situation = {
  setup: ProvisioningSetup;
  user: DirectoryUser;
  account: Account;
  /** The service provider's id for each reference of the user, where known. */
  references: ReadonlyMap<string, string>;
  now: Date;
};

/** What is to be done for one person in one app, and why. */
export type Decision = {
  /** undefined: the scope's filter has no answer for this person. */
  inScope: boolean | undefined;
  scopeExplanation: string;
  /** Why this and nothing else, in a sentence for people. */
  explanation: string;
  /** The mapped resource, when the person should have an account. */
  desired?: ScimUser;
  /** References that have no account yet. */
  parked: string[];
  /** Why the person should not have access, and since when. */
  trigger?: Trigger;
  triggerAt?: Date;
  /** When to decide again although nothing changed. */
  dueAt?: Date;
} & (
  | { do: 'nothing' }
  | { do: 'create'; desired: ScimUser }
  | { do: 'update' | 'reactivate'; desired: ScimUser; changes: PatchOperation[] }
  | { do: 'suspend' | 'delete' }
  /** Nothing may be sent: required targets have no value (45016), or an expression failed for this person (45006). */
  | { do: 'refuse'; reason: 'MISSING_REQUIRED' | 'EXPRESSION_FAILED'; detail: string }
);

/**
 * What should be done for one person in one app. Pure: plan, explain and push all call it, so that what is shown is what
 * is done.
 */
export function decide(situation: Situation): Decision {
  const { setup, user, account } = situation;
  const verdict = isInScope(setup.scope, user);
  const scope = { inScope: verdict.inScope, scopeExplanation: verdict.explanation };
  const trigger = triggerOf(user, verdict.inScope);
  // Whom the directory itself denies access gets none back by an undo.
  if (account.undo && isLinked(account) && (trigger ?? 'out_of_scope') === 'out_of_scope')
    return { ...scope, ...keepUndone(account, account.undo) };
  if (trigger === undefined && verdict.inScope === undefined)
    return { ...scope, ...refuseUnknown(verdict.explanation) };
  return trigger === undefined
    ? { ...scope, ...keepAccess(situation) }
    : { ...scope, ...endAccess(situation, trigger) };
}

type Rest = Decision extends infer D ? (D extends Decision ? Omit<D, 'inScope' | 'scopeExplanation'> : never) : never;

/** Back to what was accepted before, and there it stays until the person or the setup changes. */
function keepUndone({ accepted, state, writeBegunAt }: Account, desired: ScimUser): Rest {
  const parked: string[] = [];
  if (desired.active === false) {
    if (state === 'suspended' && !writeBegunAt)
      return { do: 'nothing', parked, explanation: 'undone: no access, as before' };
    return { do: 'suspend', parked, explanation: 'an undo was asked for: had no access before' };
  }
  const changes = diffUser(accepted ?? { schemas: desired.schemas }, desired);
  if (changes.length === 0 && !writeBegunAt)
    return { do: 'nothing', desired, parked, explanation: 'undone: as before' };
  if (changes.length === 0) changes.push(stillActive);
  const explanation = 'an undo was asked for: back to what was accepted before';
  return { do: state === 'suspended' ? 'reactivate' : 'update', desired, changes, parked, explanation };
}

/** Whoever may be in scope or not neither gets nor loses anything; waiting times that run are kept. */
function refuseUnknown(explanation: string): Rest {
  return {
    do: 'refuse',
    reason: 'EXPRESSION_FAILED',
    detail: `scope: ${explanation}`,
    parked: [],
    explanation: `whether the person is in scope is not known, so nothing is added or removed: ${explanation}`,
  };
}

function triggerOf(user: DirectoryUser, inScope: boolean | undefined): Trigger | undefined {
  if (user.state === DirectoryUser_State.STATE_DELETED) return 'deleted';
  if (user.state === DirectoryUser_State.STATE_ARCHIVED) return 'archived';
  if (user.state === DirectoryUser_State.STATE_SUSPENDED) return 'suspended';
  return inScope === false ? 'out_of_scope' : undefined;
}

function keepAccess({ setup, user, account, references }: Situation): Rest {
  const rows = setup.attributeMapping?.rows ?? [];
  const accepted = isLinked(account) ? account.accepted : undefined;
  const mapped = mapUser(rows, (user.attributes ?? {}) as JsonObject, references, accepted as JsonObject | undefined);
  const desired = { ...mapped.resource, active: true } as ScimUser;
  if (account.keepsExternalId && accepted?.externalId !== undefined) desired.externalId = accepted.externalId;
  const { parked } = mapped;
  if (mapped.failed.length > 0) {
    const detail = mapped.failed.map(({ target, problem }) => `${target}: ${problem}`).join('; ');
    const explanation = `an expression of the mapping has no answer for this person: ${detail}`;
    return { do: 'refuse', reason: 'EXPRESSION_FAILED', detail, parked, explanation };
  }
  if (mapped.missing.length > 0) {
    const missing = mapped.missing.join(', ');
    const detail = `no value for the required ${missing}: fill it in the directory or give the mapping row a default`;
    const explanation = `required attributes have no value: ${missing}`;
    return { do: 'refuse', reason: 'MISSING_REQUIRED', detail, parked, explanation };
  }
  if (!isLinked(account)) return { do: 'create', desired, parked, explanation: 'in scope, and has no account yet' };
  if (!account.writeBegunAt && account.acceptedDigest === digestOf(desired))
    return { do: 'nothing', desired, parked, explanation: 'in step' };
  // Attributes that no row manages any more are left as they are, not cleared.
  const changes = diffUser(managedPart(rows, (accepted ?? {}) as JsonObject) as ScimUser, desired);
  if (changes.length === 0 && account.writeBegunAt) {
    const explanation = 'a write was begun whose end is not known: what is there is read, and changed where it differs';
    return { do: 'update', desired, changes: [stillActive], parked, explanation };
  }
  if (changes.length === 0) return { do: 'nothing', desired, parked, explanation: 'in step' };
  if (account.state === 'suspended') {
    return { do: 'reactivate', desired, changes, parked, explanation: 'in scope again, and suspended' };
  }
  return { do: 'update', desired, changes, parked, explanation: `${changes.length} attributes differ` };
}

const stillActive: PatchOperation = { op: 'replace', path: 'active', value: true };

const triggerWords: Record<Trigger, string> = {
  out_of_scope: 'out of scope',
  suspended: 'suspended in the directory',
  archived: 'archived in the directory',
  deleted: 'deleted in the directory',
};

function endAccess({ setup, account, now }: Situation, trigger: Trigger): Rest {
  const why = triggerWords[trigger];
  if (!isLinked(account)) return { do: 'nothing', parked: [], explanation: `${why}, and has no account` };
  const triggerAt = account.trigger === trigger && account.triggerAt ? account.triggerAt : now;
  const { suspendAt, deleteAt } = timers(setup.deprovisioning, trigger, triggerAt);
  const rest = { parked: [], trigger, triggerAt };
  if (deleteAt && deleteAt <= now) return { ...rest, do: 'delete', explanation: `${why}: deleted by the policy` };
  if (account.state === 'active' && suspendAt && suspendAt <= now) {
    return {
      ...rest,
      do: 'suspend',
      explanation: `${why}: suspended by the policy`,
      ...(deleteAt && { dueAt: deleteAt }),
    };
  }
  const dueAt = account.state === 'active' ? earliest(suspendAt, deleteAt) : deleteAt;
  if (account.state === 'suspended' && account.writeBegunAt) {
    const explanation = `${why}: a write was begun whose end is not known, so it is suspended once more`;
    return { ...rest, do: 'suspend', explanation, ...(dueAt && { dueAt }) };
  }
  const next = dueAt ? `the next step is due at ${dueAt.toISOString()}` : 'the policy asks for nothing more';
  return { ...rest, do: 'nothing', explanation: `${why}: ${next}`, ...(dueAt && { dueAt }) };
}

function timers(policy: DeprovisioningPolicy | undefined, trigger: Trigger, since: Date) {
  const rules = {
    out_of_scope: policy?.outOfScope,
    suspended: policy?.suspended,
    archived: policy?.archived,
    deleted: policy?.deleted,
  };
  const rule = rules[trigger] ?? { suspendAfter: { seconds: 0n, nanos: 0 }, deleteAfter: undefined };
  const after = (wait: { seconds: bigint; nanos: number } | undefined) =>
    wait && new Date(since.getTime() + Number(wait.seconds) * 1000 + wait.nanos / 1e6);
  return { suspendAt: after(rule.suspendAfter), deleteAt: after(rule.deleteAfter) };
}

function earliest(a: Date | undefined, b: Date | undefined): Date | undefined {
  if (!a || !b) return a ?? b;
  return a < b ? a : b;
}
