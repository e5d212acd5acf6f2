import { Outcome_Action } from '@autoprov/proto';
import { saveGroupIntent, saveGroupLink, type ScimGroup } from '../store/groups.ts';
import { findGroup } from './find-group.ts';
import { recordGroupFailed, recordGroupInStep, waitFor } from './group-outcome.ts';
import type { Pass } from './pass.ts';
import { makeFailure, type ScimFailure } from './scim-failure.ts';
import { createGroup } from './write-group.ts';

/** Looks the group up, and makes it where it is not there. The group as it is linked now; undefined: it is not, and what came of it is recorded. */
export async function linkGroup(
  pass: Pass,
  group: ScimGroup,
  displayName: string,
): Promise<{ group: ScimGroup; action: Outcome_Action | undefined } | undefined> {
  const { ctx, app } = pass;
  const { groupId, intentAt } = group;
  const settledAtMs = (intentAt?.getTime() ?? 0) + ctx.settings.settleMs;
  if (intentAt && settledAtMs > ctx.now().getTime()) {
    await waitFor(pass, group, settledAtMs - ctx.now().getTime());
    return undefined;
  }
  const found = await findGroup(pass, group, displayName);
  if (!found.ok) return refuse(pass, group, found.failure, intentAt !== undefined);
  const { match } = found;
  if (match.do === 'skip') {
    await recordGroupInStep(pass, group, undefined);
    return undefined;
  }
  if (match.do === 'fail') return refuse(pass, group, makeFailure(match.reason, match.detail), intentAt !== undefined);
  const link = match.do === 'link' ? match : await create(pass, group, displayName);
  if (!link) return undefined;
  const { scimId, origin } = link;
  const linked = { scimId, origin, displayName: link.displayName };
  await pass.write((tx) => saveGroupLink(tx, app, groupId, linked));
  const { intentAt: _, ...rest } = group;
  const action = origin === 'created' ? Outcome_Action.ACTION_CREATE : Outcome_Action.ACTION_ADOPT;
  return { group: { ...rest, ...linked }, action };
}

async function create(pass: Pass, group: ScimGroup, displayName: string) {
  const { groupId } = group;
  await pass.write((tx) => saveGroupIntent(tx, pass.app, groupId, pass.ctx.now()));
  const written = await createGroup(pass, groupId, displayName);
  if (written.ok) return { scimId: written.scimId, origin: 'created' as const, displayName };
  return refuse(pass, group, written.failure, written.failure.unknownEnd === true);
}

async function refuse(pass: Pass, group: ScimGroup, failure: ScimFailure, keepIntent: boolean): Promise<undefined> {
  await recordGroupFailed(pass, group, Outcome_Action.ACTION_CREATE, failure, keepIntent);
  return undefined;
}
