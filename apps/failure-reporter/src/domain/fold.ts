import { hash } from 'node:crypto';
import { Failure_State } from '@autoprov/proto';
import type { Fact, FailedFact } from './fact.ts';
import type { KeptFailure } from './failure.ts';
import { isFailing } from './settle.ts';

/** What is known of one source and subject. */
export type SubjectState = {
  /** The highest seq seen, by what the fact spoke of (`Fact.about`). */
  lastSeqs: ReadonlyMap<string, bigint>;
  /** Its failures by name, open and ended. */
  failures: ReadonlyMap<string, KeptFailure>;
};

/**
 * What a fact changes in the failures of its subject. The newest fact alone says what holds, so facts that come again
 * or late change nothing.
 *
 * @returns the failures that change, as they are now; undefined: a newer fact has said so already
 */
export function fold(state: SubjectState, fact: Fact): KeptFailure[] | undefined {
  const { lastSeqs, failures } = state;
  const lastSeqOf = (about: string) => lastSeqs.get(about) ?? 0n;
  if (fact.seq <= lastSeqOf('') || fact.seq <= lastSeqOf(fact.about)) return undefined;

  const concerned = [...failures.values()].filter(
    (failure) =>
      isFailing(failure) && (fact.about === '' || failure.code === fact.about) && fact.seq > lastSeqOf(failure.code),
  );
  if (!fact.failed) return concerned.map((failure) => end(failure, fact, Failure_State.STATE_RESOLVED));

  const name = nameFailure(fact, fact.failed);
  const superseded = concerned.filter((failure) => failure.name !== name);
  return [
    ...superseded.map((failure) => end(failure, fact, Failure_State.STATE_SUPERSEDED)),
    openOrRetry(failures.get(name), name, fact, fact.failed),
  ];
}

/** The state after a fact that `fold` answered with these changes. */
export function applyChanges(state: SubjectState, fact: Fact, changes: KeptFailure[]): SubjectState {
  const lastSeqs = new Map(state.lastSeqs).set(fact.about, fact.seq);
  if (changes.length === 0) return { ...state, lastSeqs };
  const failures = new Map(state.failures);
  for (const failure of changes) failures.set(failure.name, failure);
  return { lastSeqs, failures };
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';

/** The name by identity (subject, source, code, reason): 130 bits of their sha256 in lower-case base32 (RFC 4648 §6). */
function nameFailure({ subject, source }: Fact, { code, reason }: FailedFact): string {
  const digest = hash('sha256', [subject, source, code, reason].join('\n'), 'buffer');
  let name = 'failures/';
  for (let bit = 0; bit < 130; bit += 5) {
    // Five bits lie within two bytes.
    name += LETTERS[(digest.readUInt16BE(bit >> 3) >> (11 - (bit & 7))) & 31];
  }
  return name;
}

function openOrRetry(known: KeptFailure | undefined, name: string, fact: Fact, failed: FailedFact): KeptFailure {
  const failing = known && isFailing(known) ? known : undefined;
  return {
    name,
    seq: nextSeq(known, fact),
    state: Failure_State.STATE_OPEN,
    scope: fact.scope,
    customer: fact.customer,
    app: fact.app,
    user: fact.user,
    source: fact.source,
    subject: fact.subject,
    action: failed.action,
    code: failed.code,
    reason: failed.reason,
    detail: failed.detail,
    httpStatus: failed.httpStatus,
    scimType: failed.scimType,
    retryable: failed.retryable,
    attempt: failed.attempt ?? (failing?.attempt ?? 0) + 1,
    nextAttemptTime: failed.nextAttemptTime,
    openTime: failing?.openTime ?? fact.time,
    updateTime: fact.time,
    resolveTime: undefined,
    traceId: failed.traceId,
    stateReason: '',
    note: failing?.note ?? '',
    causeId: failing?.causeId ?? '',
  };
}

function end(failure: KeptFailure, fact: Fact, state: Failure_State): KeptFailure {
  const seq = nextSeq(failure, fact);
  return { ...failure, state, seq, stateReason: '', nextAttemptTime: undefined, resolveTime: fact.time };
}

/** The fact's own seq, unless the failure is ahead of it because it was published again with an address found later. */
function nextSeq(known: KeptFailure | undefined, fact: Fact): bigint {
  return known && known.seq >= fact.seq ? known.seq + 1n : fact.seq;
}
