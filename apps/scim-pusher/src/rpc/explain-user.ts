import type {
  DirectoryUser,
  ExplainUserRequest,
  ExplainUserResponse,
  Membership,
  ProvisioningSetup,
  PushedMembership,
} from '@autoprov/proto';
import { RpcError, status } from '@autoprov/grpc';
import { displayNameOf, matchingRules, matchingValue } from '@autoprov/mapping';
import type { JsonObject, ScimUser } from '@autoprov/scim';
import type { PusherContext } from '../context.ts';
import { explainMembership } from '../domain/explain-membership.ts';
import { isHeldAnyway } from '../domain/guard.ts';
import type { AppSetup } from '../domain/model.ts';
import { decideFor } from '../push/decide-people.ts';
import { judgeTurns, type JudgedTurn } from '../push/judge-turns.ts';
import { findMemberStates } from '../store/group-members.ts';
import { findHolds, holdParents } from '../store/holds.ts';
import { findUsers } from '../store/users.ts';
import { readAppName, requireSetup } from './app-key.ts';
import { findPersonId } from './find-person.ts';
import { presentHold } from './hold-messages.ts';
import { toMessage } from './list-accounts.ts';
import { presentHeldAction } from './present-held-action.ts';
import { presentPlannedAction } from './present-planned-action.ts';

export async function explainUser(ctx: PusherContext, request: ExplainUserRequest): Promise<ExplainUserResponse> {
  const key = readAppName('app', request.app);
  const app = await requireSetup(ctx, request.app, key);
  const userId = await findPersonId(ctx, key.customerId, request.user);
  const turns = await decideFor({ ctx, app }, await findUsers(ctx.pool, key.customerId, [userId]));
  const [judged] = await judgeTurns({ ctx, app }, turns);
  if (!judged) {
    const hint = 'check the address, or ask for a read with "autoprov sync"';
    throw new RpcError(status.NOT_FOUND, 'RESOURCE_NOT_FOUND', `no such person in the copy of the directory: ${hint}`);
  }
  const { turn, changes, rows } = judged;
  const { decision, account } = turn;
  const hasAccount = account.scimId !== undefined || account.attempt > 0;
  return {
    user: `customers/${key.customerId}/users/${turn.userId}`,
    // Not known is not in scope here; the explanation tells them apart.
    inScope: decision.inScope ?? false,
    scopeExplanation: decision.scopeExplanation,
    next: {
      ...presentPlannedAction({
        ...turn,
        customerId: key.customerId,
        dangers: changes.map(({ change }) => change.danger),
        held: changes.some(({ verdict }) => isHeldAnyway(verdict)),
      }),
      // Here also the next attempt.
      dueTime: decision.dueAt ?? account.dueAt,
    },
    account: hasAccount ? toMessage(request.app, account) : undefined,
    mapped: decision.desired,
    memberships: await explainGroups(ctx, app.setup, turn.user),
    held: rows.map((row) => presentHeldAction(key.customerId, row)),
    holds: (await findHolds(ctx.pool, holdParents(key))).map(presentHold),
    matching: decision.do === 'create' ? explainMatching(app.setup, turn.user, decision.desired) : [],
    pushedMemberships: await explainPushedGroups(ctx, app, judged),
  };
}

function explainMatching({ matching }: ProvisioningSetup, { attributes }: DirectoryUser, desired: ScimUser) {
  return matchingRules(matching).map((rule) =>
    matchingValue(rule, desired as JsonObject, (attributes ?? {}) as JsonObject),
  );
}

/** How the person stands in each group that is pushed, but for those that have nothing to do with them. */
async function explainPushedGroups(
  ctx: PusherContext,
  app: AppSetup,
  { turn, rows }: JudgedTurn,
): Promise<PushedMembership[]> {
  const { user, userId, account, decision } = turn;
  const states = await findMemberStates(ctx.pool, app, userId);
  return app.setup.pushedGroups.flatMap((pushed) => {
    const state = states.get(pushed.group) ?? 'none';
    const isInGroup = user.groups.includes(pushed.group);
    if (!isInGroup && state === 'none') return [];
    const explanation = explainMembership({
      isInGroup,
      state,
      isInScope: decision.inScope === true && decision.trigger === undefined,
      hasAccess: account.state === 'active',
      isHeld: rows.some(({ danger }) => danger === 'membership'),
    });
    return [{ group: pushed.group, displayName: displayNameOf(pushed), isMember: state === 'member', explanation }];
  });
}

const GROUPS_MAX = 10;
const MEMBERSHIP_TIMEOUT_MS = 2_000;

/**
 * By which group of the scope, or why by none; the reader alone knows the way. What it does not say is left out: the rest
 * of the explanation needs it not.
 */
async function explainGroups(
  { directory, logger }: PusherContext,
  { scope }: ProvisioningSetup,
  user: DirectoryUser,
): Promise<Membership[]> {
  const groups = scope?.groups ?? [];
  const by = groups.find((group) => user.groups.includes(group));
  const asked = by === undefined ? groups.slice(0, GROUPS_MAX) : [by];
  const answers = asked.map(async (group) => {
    const { membership } = await directory.explainMembership(
      { name: user.name, group },
      { timeoutMs: MEMBERSHIP_TIMEOUT_MS },
    );
    return membership ?? [];
  });
  const settled = await Promise.allSettled(answers);
  return settled.flatMap((answer) => {
    if (answer.status === 'fulfilled') return answer.value;
    logger.warn({ err: answer.reason }, 'directory-reader does not explain a membership: it is left out');
    return [];
  });
}
