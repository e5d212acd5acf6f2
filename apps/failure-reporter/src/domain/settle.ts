import { Failure_Scope, Failure_State } from '@autoprov/proto';
import { causeIdOf } from './cause.ts';
import type { KeptFailure } from './failure.ts';

/** What config last told of the setup of an app. */
export type SetupLife = {
  app: string;
  revision: bigint;
  /** Why it is not there; '': it is. */
  ended: '' | 'SETUP_DELETED' | 'APP_REMOVED';
  /** When it was created; undefined: it is not there. */
  createTime: Date | undefined;
  /** The app's template, or of an app of no product's the host of its endpoint; '': not told. */
  origin: string;
};

/** What a person last said of a failure. */
export type Judgement = {
  /** The failure's name. */
  failure: string;
  /** Orders the judgements of one failure. */
  seq: bigint;
  dismissed: boolean;
  note: string;
  time: Date;
};

/** What beside the facts decides about a failure; undefined: nothing was told. */
export type Standing = { life: SetupLife | undefined; judgement: Judgement | undefined };

/** They say that the setup or the app is missing, so its end is no end of theirs: their source ends them. */
const CODES_OF_ABSENCE = ['25001', '25002'];
/** By how much the clocks of two services may differ. */
const CLOCK_SKEW_MS = 60_000;

/** Whether its facts say that it fails, whatever people and the end of its setup have made of it. */
export function isFailing({ state, stateReason }: KeptFailure): boolean {
  const { STATE_OPEN, STATE_DISMISSED, STATE_SUPERSEDED } = Failure_State;
  return state === STATE_OPEN || state === STATE_DISMISSED || (state === STATE_SUPERSEDED && stateReason !== '');
}

/**
 * A failure as the end of its setup and its dismissal make it, with its cause. A function of the facts and of what was told last, so it
 * does not matter in which order these came. What does not fail stays as it is; `seq` stays, too.
 *
 * A failure is over while its app has no setup. Of a setup that was made again, people's failures of before are over:
 * the pusher decides about everybody anew. A dismissal is for the life of the failure in which it was said: until it is
 * resolved, however often it fails meanwhile.
 */
export function settle(kept: KeptFailure, { life, judgement }: Standing, now: Date): KeptFailure {
  if (!isFailing(kept)) return kept;
  const failure = { ...kept, causeId: causeIdOf(life?.origin ?? '', kept) };
  const note = judgement && judgement.time >= failure.openTime! ? judgement.note : '';
  const stateReason = endedWith(failure, life);
  if (stateReason !== '') {
    const resolveTime = failure.stateReason === '' ? now : failure.resolveTime;
    const state = Failure_State.STATE_SUPERSEDED;
    return { ...failure, state, stateReason, note, resolveTime, nextAttemptTime: undefined };
  }
  const dismissed = judgement?.dismissed === true && judgement.time >= failure.openTime!;
  return {
    ...failure,
    state: dismissed ? Failure_State.STATE_DISMISSED : Failure_State.STATE_OPEN,
    stateReason: '',
    note,
    resolveTime: dismissed ? judgement.time : undefined,
  };
}

/** Whether settling has changed it. */
export function hasSettledAnew(before: KeptFailure, after: KeptFailure): boolean {
  return (
    before.state !== after.state ||
    before.stateReason !== after.stateReason ||
    before.note !== after.note ||
    before.causeId !== after.causeId
  );
}

function endedWith({ code, scope, updateTime }: KeptFailure, life: SetupLife | undefined): string {
  if (!life || CODES_OF_ABSENCE.includes(code)) return '';
  if (life.ended !== '') return life.ended;
  const isOfSetupBefore =
    scope === Failure_Scope.SCOPE_RESOURCE &&
    life.createTime !== undefined &&
    updateTime!.getTime() < life.createTime.getTime() - CLOCK_SKEW_MS;
  return isOfSetupBefore ? 'SETUP_DELETED' : '';
}
