import { hash } from 'node:crypto';

/** Whose webhook is told of what is not one customer's; the parent with which the operator lists and mutes causes. */
export const OPERATOR = 'customers/-';
/** How long something fails before it is told: failures that come together are told together, and a short one not at all. */
export const TELL_AFTER_MS = 60_000;
/** How long nothing fails before that is told: what comes and goes is told once. */
export const OVER_AFTER_MS = 10 * 60_000;
/** How often what goes on failing is told again. */
export const REMIND_AFTER_MS = 24 * 3_600_000;

/** A cause with open failures. */
export type FailingCause = {
  causeId: string;
  /** Whose they are; '': the installation's. */
  customers: string[];
};

/** What a recipient has been told of a cause. */
export type Alert = {
  recipient: string;
  causeId: string;
  /** Since when it is known to fail, and since when it fails no more; undefined: it does. */
  openTime: Date;
  goneTime: Date | undefined;
  /** When it was told last, and how often; undefined: never. */
  tellTime: Date | undefined;
  tellCount: number;
};

/** What is told. */
export type Telling = 'opened' | 'still_failing' | 'ended';

/** alert undefined: nothing is to be remembered. */
export type AlertDecision = { alert: Alert | undefined; telling: Telling | undefined };

/**
 * Who is to know of a cause: the operator where it is of several customers or of the installation, otherwise the
 * customer. Who was told stays the one to tell until that is over, however the cause spreads or shrinks meanwhile.
 *
 * @param alerts those of this cause
 */
export function recipientsOf({ customers }: FailingCause, alerts: Alert[]): string[] {
  const isTheOperators =
    customers.length > 1 || customers.includes('') || alerts.some(({ recipient }) => recipient === OPERATOR);
  if (!isTheOperators) return customers;
  const told = alerts.filter(({ recipient, tellTime }) => tellTime !== undefined && customers.includes(recipient));
  return [OPERATOR, ...told.map(({ recipient }) => recipient)];
}

/** A cause that a recipient is to know of, seen for the first time. */
export function newAlert(recipient: string, causeId: string, now: Date): Alert {
  return { recipient, causeId, openTime: now, goneTime: undefined, tellTime: undefined, tellCount: 0 };
}

/**
 * What becomes of an alert, and whether its recipient is told now: once when it opens, once when it is over, and in between once a
 * day. A mute keeps back all but the end of what was told: what is open at a pager must close.
 */
export function decideAlert(known: Alert, { failing, muted }: { failing: boolean; muted: boolean }, now: Date) {
  return failing ? decideFailing({ ...known, goneTime: undefined }, muted, now) : decideGone(known, now);
}

function decideFailing(alert: Alert, muted: boolean, now: Date): AlertDecision {
  const { tellTime, openTime } = alert;
  const tellFrom = tellTime ? tellTime.getTime() + REMIND_AFTER_MS : openTime.getTime() + TELL_AFTER_MS;
  if (muted || now.getTime() < tellFrom) return { alert, telling: undefined };
  return {
    alert: { ...alert, tellTime: now, tellCount: alert.tellCount + 1 },
    telling: tellTime ? 'still_failing' : 'opened',
  };
}

function decideGone(known: Alert, now: Date): AlertDecision {
  if (!known.tellTime) return { alert: undefined, telling: undefined };
  const goneTime = known.goneTime ?? now;
  if (now.getTime() < goneTime.getTime() + OVER_AFTER_MS) return { alert: { ...known, goneTime }, telling: undefined };
  return { alert: undefined, telling: 'ended' };
}

/** The `webhook-id` of what is told: the same for the same, however often it is decided or sent. */
export function webhookIdOf({ recipient, causeId, openTime, tellCount }: Alert, telling: Telling): string {
  const told = [recipient, causeId, openTime.toISOString(), tellCount, telling].join('\n');
  return `msg_${hash('sha256', told).slice(0, 32)}`;
}
