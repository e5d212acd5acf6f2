import { Danger as DangerMessage, HeldAction_State, Outcome_Action, type HeldAction as Message } from '@autoprov/proto';
import type { Danger } from '../domain/guard.ts';
import type { EndReason, HeldAction } from '../store/held-actions.ts';

const dangerMessages: Record<Danger, DangerMessage> = {
  access: DangerMessage.DANGER_LOSS_OF_ACCESS,
  identity: DangerMessage.DANGER_CHANGED_IDENTITY,
  clearing: DangerMessage.DANGER_CLEARED_ATTRIBUTE,
  membership: DangerMessage.DANGER_LOST_MEMBERSHIP,
};

const actions: Record<string, Outcome_Action> = {
  suspend: Outcome_Action.ACTION_SUSPEND,
  delete: Outcome_Action.ACTION_DELETE,
  update: Outcome_Action.ACTION_UPDATE,
  reactivate: Outcome_Action.ACTION_REACTIVATE,
};

const endReasons: Record<EndReason, string> = {
  applied: '',
  changed: 'something else is to be done now, which needs an approval of its own',
  returned: 'it is no longer asked for',
  setup_changed: 'the setup has changed, and it was decided again',
};

/** The API's form of a danger. */
export function presentDanger(danger: Danger): DangerMessage {
  return dangerMessages[danger];
}

/** The API's form of a held action of a customer's app. */
export function presentHeldAction(customerId: string, row: HeldAction): Message {
  return {
    user: `customers/${customerId}/users/${row.userId}`,
    danger: dangerMessages[row.danger],
    action: actions[row.action] ?? Outcome_Action.ACTION_UNSPECIFIED,
    changes: row.changes.map(({ path, oldValue, newValue }) => ({
      path,
      oldValue: oldValue ?? undefined,
      newValue: newValue ?? undefined,
    })),
    explanation: row.explanation,
    setupRevision: row.setupRevision,
    holdTime: row.heldAt,
    state: stateOf(row),
    isProtected: row.protected,
    approver: row.approvedBy ?? '',
    approveTime: row.approvedAt,
    endTime: row.endedAt,
    endReason: row.endReason ? endReasons[row.endReason] : '',
  };
}

function stateOf({ endReason, approvalNo }: HeldAction): HeldAction_State {
  if (endReason === 'applied') return HeldAction_State.STATE_APPLIED;
  if (endReason) return HeldAction_State.STATE_DROPPED;
  return approvalNo === undefined ? HeldAction_State.STATE_HELD : HeldAction_State.STATE_APPROVED;
}
