import { displayNameOf } from '@autoprov/mapping';
import { MatchingPolicy_OnVanished, Outcome_Action } from '@autoprov/proto';

import { decideGroup, type GroupDecision } from '../domain/decide-group.ts';
import { saveRemovalsKeptBack } from '../store/apps.ts';
import { findCoverage } from '../store/customers.ts';
import { deleteMembers, listAcceptedMembers, listPendingMembers, saveMembers } from '../store/group-members.ts';
import {
  beginGroups,
  listDueGroups,
  saveGroupDue,
  saveGroupName,
  unlinkGroup,
  type ScimGroup,
} from '../store/groups.ts';
import { linkGroup } from './link-group.ts';
import { recordGroupFailed, recordGroupInStep, waitFor, withdraw } from './group-outcome.ts';
import { judgeDoubtful, type Pass } from './pass.ts';
import type { ScimFailure } from './scim-failure.ts';
import { saysVanished } from './vanished.ts';
import { usesPatch } from './write-account.ts';
import { pathOf, putGroup, renameGroup, writeMembers, type Refusals } from './write-group.ts';

const defaultChunkSize = 100;
/** Memberships that are read at once. */
const pageSize = 1_000;
/** As many requests may be refused in one push of a group: a chunk of 100 with one account at fault takes seven. */
const maxRefusals = 50;
const coverageRetryMs = 30_000;
const removalRetryMs = 10_000;

type Change = Extract<GroupDecision, { do: 'change' }>;

/** Has every pushed group looked at when the setup has changed. */
export async function beginPushedGroups(pass: Pass): Promise<void> {
  const { ctx, app, work } = pass;
  if (work.cursorRevision === app.revision) return;
  const groupIds = app.setup.pushedGroups.map(({ group }) => group);
  await pass.write(async (tx) => {
    for (const { groupId } of await beginGroups(tx, app, groupIds, ctx.now())) await withdraw(tx, pass, groupId);
  });
}

/**
 * Brings the groups that are due in step, after the people of a pass.
 *
 * @param goesOn asked between some requests: does what cannot wait; false ends it, and what is due stays so
 */
export async function pushGroups(pass: Pass, goesOn: () => Promise<boolean>): Promise<void> {
  const { ctx, app } = pass;
  const named = new Map(app.setup.pushedGroups.map((pushed) => [pushed.group, displayNameOf(pushed)]));
  if (pass.down || named.size === 0) return;
  const due = await listDueGroups(ctx.pool, app, ctx.now());
  const coverage = due.length > 0 ? await findCoverage(ctx.pool, app.customerId) : undefined;
  for (const group of due) {
    const displayName = named.get(group.groupId);
    if (displayName === undefined) continue;
    if (pass.down) return;
    // What was not read is unknown, never empty.
    if (coverage?.groups.includes(group.groupId)) await pushGroup(pass, group, displayName, goesOn);
    else await waitFor(pass, group, coverageRetryMs);
  }
  await judgeDoubtful(pass);
}

/** What the service provider refused while a group was pushed, member by member. */
type Refused = { userIds: Set<string>; refusal?: ScimFailure; budget: Refusals };

async function pushGroup(
  pass: Pass,
  due: ScimGroup,
  displayName: string,
  goesOn: () => Promise<boolean>,
): Promise<void> {
  let group = due;
  let action: Outcome_Action | undefined;
  const refused: Refused = { userIds: new Set(), budget: { left: maxRefusals } };
  while (await goesOn()) {
    await pass.assertGoesOn();
    const decision = await decide(pass, group, displayName, refused);
    if (decision.do === 'create') {
      const linked = await linkGroup(pass, group, displayName);
      if (!linked) return;
      group = linked.group;
      action = linked.action;
      continue;
    }
    if (decision.do === 'nothing') {
      if (!refused.refusal) return recordGroupInStep(pass, group, action);
      return recordGroupFailed(pass, group, action ?? Outcome_Action.ACTION_UPDATE, refused.refusal);
    }
    const failure = await changeGroup(pass, group, decision, displayName, refused);
    if (failure && saysVanished(failure) && action === undefined && (await isVanished(pass, group))) {
      if (!mayMakeAnew(pass)) return recordGroupFailed(pass, group, Outcome_Action.ACTION_UPDATE, failure);
      await pass.write((tx) => unlinkGroup(tx, pass.app, group.groupId));
      const { groupId, attempt, failureCode } = group;
      group = { groupId, attempt, ...(failureCode !== undefined && { failureCode }) };
      continue;
    }
    if (failure) return recordGroupFailed(pass, group, action ?? Outcome_Action.ACTION_UPDATE, failure);
    if (sendsSomething(decision)) action ??= Outcome_Action.ACTION_UPDATE;
    group = { ...group, displayName };
    if (decision.keptCount > 0 && !sendsSomething(decision) && decision.forget.length === 0)
      return keepMembers(pass, group);
  }
}

async function decide(pass: Pass, group: ScimGroup, displayName: string, { userIds }: Refused): Promise<GroupDecision> {
  const chunkSize = pass.app.profile.maxMembersPerRequest || defaultChunkSize;
  const keepsMembers = pass.removalsHeld !== undefined;
  // A PUT carries all members at once.
  const limit = usesPatch(pass) ? pageSize : 1_000_000;
  const members = await listPendingMembers(pass.ctx.pool, pass.app, group.groupId, {
    limit,
    keepsMembers,
    without: [...userIds],
  });
  return decideGroup({ displayName, group, members, chunkSize, keepsMembers });
}

function sendsSomething({ steps, rename }: Change): boolean {
  return steps.length > 0 || rename !== undefined;
}

/** Who leaves stays while removals are held: when that has ended, everybody is decided again. */
async function keepMembers(pass: Pass, group: ScimGroup): Promise<void> {
  if (pass.removalsHeld !== 'hold') return waitFor(pass, group, removalRetryMs);
  await pass.write(async (tx) => {
    await saveGroupDue(tx, pass.app, group.groupId, undefined);
    await saveRemovalsKeptBack(tx, pass.app, true);
  });
}

/** Why nothing further should be sent now; undefined: it is all done, but for members that are refused. */
async function changeGroup(
  pass: Pass,
  group: ScimGroup,
  change: Change,
  displayName: string,
  refused: Refused,
): Promise<ScimFailure | undefined> {
  const { app } = pass;
  const { groupId } = group;
  if (change.forget.length > 0) await pass.write((tx) => deleteMembers(tx, app, groupId, change.forget));
  if (!sendsSomething(change)) return undefined;
  // Where the answer is lost, nobody knows what it is called there.
  if (change.rename !== undefined) await pass.write((tx) => saveGroupName(tx, app, groupId, undefined));
  return usesPatch(pass) ? patchGroup(pass, group, change, refused) : putWhole(pass, group, change, displayName);
}

async function patchGroup(
  pass: Pass,
  { groupId, scimId }: ScimGroup,
  change: Change,
  refused: Refused,
): Promise<ScimFailure | undefined> {
  const { rename } = change;
  if (rename !== undefined) {
    const renamed = await renameGroup(pass, scimId!, rename);
    if (!renamed.ok) return renamed.failure;
    await pass.write((tx) => saveGroupName(tx, pass.app, groupId, rename));
  }
  for (const step of change.steps) {
    await pass.assertGoesOn();
    await noteSent(pass, groupId, step);
    const written = await writeMembers(pass, scimId!, step, refused.budget);
    await noteDone(pass, groupId, { ...step, members: written.done });
    for (const { userId } of written.refused) refused.userIds.add(userId);
    if (written.refusal) refused.refusal ??= written.refusal;
    if (written.stopped) return written.stopped;
  }
  return undefined;
}

async function putWhole(
  pass: Pass,
  { groupId, scimId, origin }: ScimGroup,
  change: Change,
  displayName: string,
): Promise<ScimFailure | undefined> {
  for (const step of change.steps) await noteSent(pass, groupId, step);
  const accepted = await listAcceptedMembers(pass.ctx.pool, pass.app, groupId);
  const answer = await putGroup(pass, { scimId: scimId!, origin, displayName }, change.steps, accepted);
  if (!answer.ok) return answer.failure;
  await pass.write((tx) => saveGroupName(tx, pass.app, groupId, displayName));
  for (const step of change.steps) await noteDone(pass, groupId, step);
  return undefined;
}

type Step = Change['steps'][number];

/** Before it is sent: where its end is never known, who leaves meanwhile is taken out, and who returns is added, all the same. */
async function noteSent({ write, app }: Pass, groupId: string, step: Step): Promise<void> {
  await write((tx) => saveMembers(tx, app, groupId, step.members, 'sent'));
}

async function noteDone({ write, app }: Pass, groupId: string, { do: what, members }: Step): Promise<void> {
  if (members.length === 0) return;
  await write((tx) =>
    what === 'add'
      ? saveMembers(tx, app, groupId, members, 'member')
      : deleteMembers(
          tx,
          app,
          groupId,
          members.map(({ userId }) => userId),
        ),
  );
}

/** One answer is no proof, and may be about a member: the group itself is asked for. */
async function isVanished({ scim }: Pass, { scimId }: ScimGroup): Promise<boolean> {
  const again = await scim.send('GET', pathOf(scimId!));
  return !again.ok && saysVanished(again.failure);
}

function mayMakeAnew({ app }: Pass): boolean {
  return app.setup.matching?.onVanished !== MatchingPolicy_OnVanished.ON_VANISHED_FAIL;
}
