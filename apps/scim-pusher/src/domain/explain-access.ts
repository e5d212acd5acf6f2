import type { Decision } from './decide.ts';
import type { Account } from './model.ts';

/** Why access was as it was. */
export type AccessCause =
  'as_wanted' | 'read_incomplete' | 'timer' | 'guard' | 'hold' | 'app_down' | 'refused' | 'inactive' | 'under_way';

/** Something that was so since a time, in words. */
type Since = { since: Date; words: string };

/** All that bears on one person's access to an app at a time, as it was known then. */
export type AccessSituation = {
  /** What was accepted last, and since when; undefined: there was no account. */
  account?: Pick<Account, 'state'> & { since: Date };
  /** By the setup, the person and the account of that time. */
  decision: Decision;
  /** When what it was decided by came to be known. */
  knownAt: Date;
  /** Set while the setup was inactive. */
  inactive?: Since;
  /** Holds in effect, of all writes or of removals. */
  holds: (Since & { what: 'removals' | 'writes' })[];
  /** The loss of access was held by the guard. */
  held?: Since;
  /** The service provider, or the access to it, failed as a whole. */
  down?: Since;
  /** The last try for this person had failed. */
  failed?: Since;
  /** A part of the directory that bears on the scope was not read whole. */
  gap?: Since & {
    /** What the read that ended it showed of the person, where it took access away or gave it. */
    revealed?: Since;
  };
};

/** Why, since when (undefined: not known) and in words. */
export type AccessExplanation = { cause: AccessCause; since?: Date; words: string };

/**
 * Why a person had access at a time, or had none: the first thing, of those that bear on it, without which it would have been
 * otherwise. Pure.
 */
export function explainAccess(situation: AccessSituation): AccessExplanation {
  const { account, decision } = situation;
  const has = account?.state === 'active';
  const begin = has ? 'had access' : account ? `had no access any more (${account.state})` : 'had no account';
  const { words, ...rest } = isUnsettled(decision, has) ? explainDelay(situation, has) : explainRest(situation, has);
  return { ...rest, words: `${begin}: ${words}` };
}

/** Something was to be done about the person's access, and was not done yet. */
export function isUnsettled({ do: what }: Decision, has: boolean): boolean {
  if (has) return what === 'suspend' || what === 'delete';
  return what === 'create' || what === 'reactivate' || what === 'refuse';
}

function explainDelay(situation: AccessSituation, has: boolean): AccessExplanation {
  const { decision, knownAt, inactive, holds, held, down, failed } = situation;
  const todo = `${decision.explanation}, known since ${stamp(knownAt)}`;
  const delayed = (cause: AccessCause, { since, words }: Since): AccessExplanation => ({
    cause,
    since,
    words: `${todo}; but ${words} since ${stamp(since)}`,
  });
  const hold = holds.find(({ what }) => what === 'writes' || has);
  if (inactive) return delayed('inactive', inactive);
  if (hold) return delayed('hold', hold);
  if (has && held) return delayed('guard', held);
  if (down) return delayed('app_down', down);
  if (decision.do === 'refuse') return { cause: 'refused', since: knownAt, words: todo };
  if (failed) return delayed('refused', failed);
  return { cause: 'under_way', since: knownAt, words: `${todo}; it was on its way` };
}

function explainRest({ account, decision, gap }: AccessSituation, has: boolean): AccessExplanation {
  if (has && decision.trigger && decision.triggerAt) {
    return { cause: 'timer', since: decision.triggerAt, words: decision.explanation };
  }
  if (gap?.revealed) {
    const { since, words, revealed } = gap;
    const why = `${words} since ${stamp(since)}; what had changed meanwhile was read at ${stamp(revealed.since)}`;
    return {
      cause: 'read_incomplete',
      since,
      words: `by what was known, ${scopeOf(decision)}; but ${why}: ${revealed.words}`,
    };
  }
  const note = gap ? `; ${gap.words} since ${stamp(gap.since)}: a change made meanwhile was not known` : '';
  return { cause: 'as_wanted', ...(account && { since: account.since }), words: `${scopeOf(decision)}${note}` };
}

function scopeOf({ scopeExplanation, explanation }: Decision): string {
  return `${scopeExplanation} (${explanation})`;
}

/** To the minute. */
function stamp(time: Date): string {
  return `${time.toISOString().slice(0, 16)}Z`;
}
