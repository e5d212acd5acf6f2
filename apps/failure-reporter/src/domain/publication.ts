import type { FailureChange } from '@autoprov/kafka';
import { Failure_State } from '@autoprov/proto';
import type { StoredFailure } from './failure.ts';

/** How long after a directory that did not answer it is asked again. */
export const EMAIL_RETRY_MS = 5 * 60_000;

/** A failure with what the topic holds of it; publishedState undefined: nothing yet. */
export type DueFailure = StoredFailure & { publishedSeq: bigint; publishedState: Failure_State | undefined };

/** What the directory says of a person's address; found '': it knows no such person. */
export type EmailAnswer = { found: string } | 'unreachable';

/** What is to be kept of a failure once it was looked at, and whether it is published now. */
export type Publication = {
  name: string;
  /** The seq it was decided for; a failure that has another one by now is left for the next pass. */
  readSeq: bigint;
  seq: bigint;
  primaryEmail: string;
  emailRetryTime: Date | undefined;
  published: boolean;
};

/**
 * Whether and as what a failure is published: when it changed, or when its address is found later than it was published,
 * which needs a seq of its own. A directory that does not answer holds nothing up.
 *
 * @param answer undefined: the failure is of no person
 */
export function decidePublication(failure: DueFailure, answer: EmailAnswer | undefined, now: Date): Publication {
  const { name, seq, primaryEmail: knownEmail, publishedSeq, state } = failure;
  const primaryEmail = (answer !== 'unreachable' && answer?.found) || knownEmail;
  const askAgain = answer === 'unreachable' && !knownEmail && state === Failure_State.STATE_OPEN;
  const changed = publishedSeq < seq;
  const completed = !changed && primaryEmail !== knownEmail;
  return {
    name,
    readSeq: seq,
    seq: completed ? seq + 1n : seq,
    primaryEmail,
    emailRetryTime: askAgain ? new Date(now.getTime() + EMAIL_RETRY_MS) : undefined,
    published: changed || completed,
  };
}

/** What happened to a failure since the topic heard of it: several changes in between are one. */
export function changeSince(published: Failure_State | undefined, state: Failure_State): FailureChange {
  switch (state) {
    case Failure_State.STATE_RESOLVED:
      return 'resolved';
    case Failure_State.STATE_SUPERSEDED:
      return 'superseded';
    case Failure_State.STATE_DISMISSED:
      return 'dismissed';
    case Failure_State.STATE_OPEN:
      if (published === undefined) return 'opened';
      return published === Failure_State.STATE_OPEN ? 'retried' : 'reopened';
    default:
      throw new Error(`a stored failure has a state of its life, not ${state}`);
  }
}
