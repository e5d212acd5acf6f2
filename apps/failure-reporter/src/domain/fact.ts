import { findEntry } from '@autoprov/failure-catalogue';
import {
  Failure_Scope,
  Outcome_Action,
  Outcome_Result,
  parseAppName,
  parseCustomerName,
  parseGroupName,
  parseUserName,
  type Check,
  type Failure,
  type Outcome,
} from '@autoprov/proto';
import type { Judgement } from './settle.ts';

/** What a failed push or check says of its failure. */
export type FailedFact = Pick<
  Failure,
  'action' | 'code' | 'reason' | 'detail' | 'httpStatus' | 'scimType' | 'retryable' | 'nextAttemptTime' | 'traceId'
> & {
  /** Which try it was, as its source counts; undefined: the source does not count. */
  attempt: number | undefined;
};

/** An outcome or a check, in the one form that the fold reads. */
export type Fact = Pick<Failure, 'scope' | 'customer' | 'app' | 'user' | 'source'> & {
  /** What it is about: the resource name of an account, an app, a customer …, or `installation`. */
  subject: string;
  /** Orders the facts of one source and subject. */
  seq: bigint;
  time: Date;
  /** Which of the subject's failures it speaks of: those with this code, or, if empty, all. */
  about: string;
  /** Undefined: it passed. */
  failed: FailedFact | undefined;
};

/** Who says what a person says of a failure; the subject is the failure's name. */
export const JUDGE = 'failure-reporter';

/** What a person said, as the check of a failure that it is published as; undefined: it is another check. */
export function judgementOfCheck({ source, subject, seq, occurTime, passed, detail }: Check): Judgement | undefined {
  if (source !== JUDGE || !subject.startsWith('failures/')) return undefined;
  const { time } = readOrder({ seq, occurTime });
  return { failure: subject, seq, dismissed: passed, note: detail, time };
}

/** A message that says nothing usable: its producer is at fault, so reading it again cannot help. */
export class UnreadableFactError extends Error {
  override readonly name = 'UnreadableFactError';
}

/**
 * The fact in an outcome; undefined: its result is one that this version does not know.
 *
 * @throws UnreadableFactError
 */
export function factOfOutcome(outcome: Outcome): Fact | undefined {
  const appId = parseAppName(outcome.app);
  const account = accountOf(outcome);
  if (!appId || appId.customerId !== account?.customerId) {
    throw new UnreadableFactError('an outcome must name an app, and a user or group, of one customer');
  }
  const failed = outcome.result === Outcome_Result.RESULT_FAILED;
  const ended = outcome.result === Outcome_Result.RESULT_ACCEPTED || outcome.result === Outcome_Result.RESULT_WITHDRAWN;
  if (!failed && !ended) return undefined;
  return {
    ...readOrder(outcome),
    scope: Failure_Scope.SCOPE_RESOURCE,
    customer: `customers/${appId.customerId}`,
    app: outcome.app,
    user: outcome.user,
    source: 'scim-pusher',
    subject: `${outcome.app}/${account.part}`,
    about: '',
    failed: failed ? { ...outcome, ...readCode(outcome) } : undefined,
  };
}

/** Whom or what an outcome is about, below its app. */
function accountOf({ user, group }: Outcome): { customerId: string; part: string } | undefined {
  if (group !== '') {
    const groupId = parseGroupName(group);
    return groupId && { customerId: groupId.customerId, part: `groups/${groupId.groupId}` };
  }
  const userId = parseUserName(user);
  return userId && { customerId: userId.customerId, part: `accounts/${userId.userId}` };
}

/**
 * The fact in a check.
 *
 * @throws UnreadableFactError
 */
export function factOfCheck(check: Check): Fact {
  if (!check.source) throw new UnreadableFactError('a check must name its source');
  return {
    ...readOrder(check),
    ...readCheckScope(check.subject),
    user: '',
    source: check.source,
    subject: check.subject,
    about: check.code,
    failed: check.passed
      ? undefined
      : {
          ...readCode(check),
          action: Outcome_Action.ACTION_UNSPECIFIED,
          detail: check.detail,
          httpStatus: 0,
          scimType: '',
          retryable: check.nextAttemptTime !== undefined || findEntry(check.code)?.resolvesItself === true,
          nextAttemptTime: check.nextAttemptTime,
          traceId: '',
          attempt: undefined,
        },
  };
}

function readOrder({ seq, occurTime }: { seq: bigint; occurTime?: Date | undefined }) {
  if (seq <= 0n || !occurTime) throw new UnreadableFactError('a fact must have a seq above 0 and an occur_time');
  return { seq, time: occurTime };
}

function readCode({ code, reason }: { code: string; reason: string }) {
  if (!code) throw new UnreadableFactError('a failed push or check must have a code');
  return { code, reason };
}

/** `installation` is the platform, an app or what is below it is a setup, anything else below a customer is the customer. */
function readCheckScope(subject: string): Pick<Fact, 'scope' | 'customer' | 'app'> {
  if (subject === 'installation') return { scope: Failure_Scope.SCOPE_PLATFORM, customer: '', app: '' };
  const [customers, customerId, collection, id] = subject.split('/');
  const customer = `${customers}/${customerId}`;
  if (!parseCustomerName(customer)) {
    throw new UnreadableFactError('a check must be about "installation" or a resource of a customer');
  }
  const app = `${customer}/${collection}/${id}`;
  return parseAppName(app)
    ? { scope: Failure_Scope.SCOPE_SETUP, customer, app }
    : { scope: Failure_Scope.SCOPE_CUSTOMER, customer, app: '' };
}
