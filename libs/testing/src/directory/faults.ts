import { GoogleError } from './google-error.ts';

/** What the example directory answers, as counted. */
export const requestKinds = [
  'usersList',
  'usersGet',
  'membersList',
  'schemasList',
  'usersWatch',
  'channelsStop',
  'orgUnitsList',
  'groupsList',
  'token',
] as const;
export type RequestKind = (typeof requestKinds)[number];

/** Which requests a fault spoils. */
export type FaultTarget = {
  /** Default: usersList. */
  kind?: RequestKind;
  /** Only that page of a list, from 1. */
  page?: number;
  /** Only that group's members, or that user, by the address or id asked for. */
  key?: string;
  /** So many requests, then no more. Default: 1. */
  times?: number;
};

/** What happens to them. */
export type FaultEffect =
  | { effect: 'fail'; status: number; reason: string; message?: string; retryAfterSeconds?: number }
  /** A 200 without its `users` (or `members`) key. */
  | { effect: 'dropItemsKey' }
  /** A 200 whose nextPageToken is the one that was asked for. */
  | { effect: 'repeatPageToken' }
  /** A 200 whose JSON stops half-way. */
  | { effect: 'truncate' }
  /** A 200 that says it is the last page although it is not. */
  | { effect: 'endListEarly' }
  /** A 200 whose list is empty; the next page comes as if nothing were missing. */
  | { effect: 'emptyPage' };

export type Fault = FaultTarget & FaultEffect;

/** The next fault that applies to a request, if any; it is used up by one. */
export function takeFault(faults: Fault[], request: { kind: RequestKind; page: number; key?: string }) {
  const index = faults.findIndex(
    (fault) =>
      (fault.kind ?? 'usersList') === request.kind &&
      (fault.page ?? request.page) === request.page &&
      (fault.key ?? request.key) === request.key,
  );
  const fault = faults[index];
  if (!fault) return undefined;
  fault.times = (fault.times ?? 1) - 1;
  if (fault.times <= 0) faults.splice(index, 1);
  return fault;
}

/** Throws Google's refusal when the fault asks for one. */
export function failIfAsked(fault: FaultEffect | undefined): void {
  if (fault?.effect !== 'fail') return;
  throw new GoogleError(fault.status, fault.reason, fault.message ?? fault.reason, fault.retryAfterSeconds);
}

/** What a list's answer becomes under a fault; a string is sent as it is. */
export function spoilAnswer(
  answer: Record<string, unknown>,
  fault: FaultEffect | undefined,
  pageToken: string | undefined,
): Record<string, unknown> | string {
  switch (fault?.effect) {
    case undefined:
    case 'fail':
      return answer;
    case 'dropItemsKey':
      return { ...answer, users: undefined, members: undefined };
    case 'repeatPageToken':
      return { ...answer, nextPageToken: pageToken ?? answer['nextPageToken'] };
    case 'endListEarly':
      return { ...answer, nextPageToken: undefined };
    case 'emptyPage':
      return { ...answer, ...(answer['users'] ? { users: [] } : { members: [] }) };
    case 'truncate': {
      const whole = JSON.stringify(answer);
      return whole.slice(0, Math.floor(whole.length / 2));
    }
  }
}
