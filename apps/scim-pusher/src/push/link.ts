import { Outcome_Action } from '@autoprov/proto';
import { findDangers } from '../domain/guard.ts';
import { linkAccount } from '../domain/link-account.ts';
import type { Match } from '../domain/match.ts';
import { decideAdoption } from './decide-people.ts';
import { acceptedAs, type Accepted, type Turn } from './outcome.ts';
import type { Pass } from './pass.ts';

/** A person's link to an account that is there, and what is decided about the account once it is stored. */
export type Link = Accepted & { next: Turn; nextIsDangerous: boolean };

/**
 * Links the person to the account that was found, as it is. The link is stored before anything is written there: nobody else
 * can be linked to it then, nor write to it.
 */
export function linkTo({ app, ctx }: Pass, turn: Turn, match: Extract<Match, { do: 'adopt' }>): Link {
  const linked = linkAccount(app.setup, turn.account, match);
  const decision = decideAdoption({ app, ...turn }, linked, ctx.now());
  const { scimId, state, accepted, acceptedDigest } = linked;
  // Our own account, found again after a crash, was created, not adopted; so was one that was put aside.
  const ours = turn.account.intentAt !== undefined || scimId === turn.account.scimId;
  const isInStep = decision.do === 'nothing';
  return {
    turn,
    action: ours ? Outcome_Action.ACTION_CREATE : Outcome_Action.ACTION_ADOPT,
    acceptance: {
      scimId,
      origin: ours ? 'created' : 'adopted',
      keepsExternalId: match.keepExternalId,
      ...(isInStep && decision.desired ? acceptedAs(decision.desired) : { state, accepted, acceptedDigest }),
      ...(!isInStep && { dueAt: ctx.now() }),
    },
    next: { ...turn, decision, account: linked, letGo: [] },
    nextIsDangerous: findDangers(app.setup, decision, linked).length > 0,
  };
}

/**
 * What is to be done at once for somebody who has been linked. What may do harm is the guard's to judge, with all others of its
 * kind, in the next pass.
 */
export function afterLink(pass: Pass, { next, nextIsDangerous }: Link): Turn | undefined {
  if (nextIsDangerous) pass.linked.add(next.userId);
  return nextIsDangerous || next.decision.do === 'nothing' ? undefined : next;
}
