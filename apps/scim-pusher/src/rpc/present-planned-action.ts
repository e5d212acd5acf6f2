import { Outcome_Action, type AttributeChange, type PlannedAction } from '@autoprov/proto';
import { readPath } from '@autoprov/mapping';
import type { PatchOperation, ScimUser } from '@autoprov/scim';
import type { Decision } from '../domain/decide.ts';
import type { Danger } from '../domain/guard.ts';
import type { Account } from '../domain/model.ts';
import { presentDanger } from './present-held-action.ts';

/** What is planned for one person. */
export type Planned = {
  customerId: string;
  userId: string;
  decision: Decision;
  account: Account;
  /** What about it may do harm. */
  dangers?: readonly Danger[];
  /** The guard would hold something of it. */
  held?: boolean;
};

/** The API's form of what is planned. */
export function presentPlannedAction(planned: Planned): PlannedAction {
  const { customerId, userId, decision, account, dangers = [], held = false } = planned;
  return {
    action: actionOf(decision, account),
    explanation: decision.explanation,
    dueTime: decision.dueAt,
    changes: 'changes' in decision ? toChanges(decision.changes, account.accepted) : [],
    user: `customers/${customerId}/users/${userId}`,
    dangers: dangers.map(presentDanger),
    held,
  };
}

/** The API's word for what was decided. */
function actionOf(decision: Decision, account: Account): Outcome_Action {
  switch (decision.do) {
    case 'nothing':
      return Outcome_Action.ACTION_UNSPECIFIED;
    case 'refuse':
      return account.scimId === undefined ? Outcome_Action.ACTION_CREATE : Outcome_Action.ACTION_UPDATE;
    case 'create':
      return Outcome_Action.ACTION_CREATE;
    case 'update':
      return Outcome_Action.ACTION_UPDATE;
    case 'reactivate':
      return Outcome_Action.ACTION_REACTIVATE;
    case 'suspend':
      return Outcome_Action.ACTION_SUSPEND;
    case 'delete':
      return Outcome_Action.ACTION_DELETE;
  }
}

/** The API's form of changes. */
export function toChanges(changes: readonly PatchOperation[], accepted: ScimUser | undefined): AttributeChange[] {
  return changes.map((change) => ({
    path: change.path,
    oldValue: accepted && readPath(accepted, change.path),
    newValue: 'value' in change ? change.value : undefined,
  }));
}
