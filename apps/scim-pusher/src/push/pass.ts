import type { HeldLease } from '@autoprov/postgres';
import type { AppSetup } from '../domain/model.ts';
import type { AppWork } from '../store/apps.ts';
import type { PusherContext } from '../context.ts';
import type { Guard } from './guard.ts';
import type { Pace } from './pace.ts';
import type { ScimClient } from './scim-client.ts';
import type { ScimFailure } from './scim-failure.ts';
import type { WriteFenced } from './write-fenced.ts';

/** One worker's hold on one app, from taking its lease to giving it back. */
export type Pass = {
  ctx: PusherContext;
  app: AppSetup;
  work: AppWork;
  lease: HeldLease;
  /** Runs a write, refused when the lease is another's. */
  write: WriteFenced;
  scim: ScimClient;
  /**
   * Throws PassEndedError, or LeaseLostError, when nothing further may be begun: the service stops, too little is left of the
   * lease, or a hold was placed since the pass began.
   */
  assertGoesOn: () => Promise<void>;
  /** Set once the service provider as a whole fails: nothing more is sent in this pass. */
  down?: ScimFailure;
  /**
   * Why loss of access waits: config has not answered for a while, so that what it knows may be out of date (25005), or
   * somebody holds removals.
   */
  removalsHeld?: 'config silent' | 'hold';
  /** What the limits leave; absent: nobody had anything to lose when the pass began, or it is read when somebody has. */
  guard?: Guard;
  /** How many accounts that vanished may be made anew; read when the first one is met. */
  anew?: Promise<{ allowed: number; left: number }>;
  /** Adopted in this pass, with what may do harm still to be done: the next one judges them all at once. */
  linked: Set<string>;
  /** Ids of accounts that ended in this pass: who was decided before may name one of them as the manager's. */
  endedScimIds: Set<string>;
  /** The service provider's list before the first sync is held, and nobody is in it. */
  listIsEmpty: boolean;
  /** Failures since the last success that look like an outage. */
  outagesInRow: number;
  /** Stores those failures: for the people, once it shows that the service provider as a whole is not down. */
  doubtfulFailures: (() => Promise<void>)[];
  /** Writes of this pass whose effect was seen in an answer or a read, by kind. */
  provenWrites: Record<string, number>;
  requestCounts: Record<string, number>;
  /** When the next request, and the next write, may be sent. */
  paces: { requests: Pace; writes?: Pace };
};

/** So many people in a row must meet an outage before it counts as the service provider's: one may be theirs alone. */
const outagesUntilDown = 5;

/** Stores the failures that turned out to be about single people. */
export async function recordDoubtful(pass: Pass): Promise<void> {
  for (const record of pass.doubtfulFailures.splice(0)) await record();
}

/**
 * Has a failure stored, unless it is the service provider's as a whole: that stands for the app. What looks like the beginning of an
 * outage is stored when it is clear that it is none, and not at all otherwise.
 */
export async function recordUnlessDown(pass: Pass, failure: ScimFailure, record: () => Promise<void>): Promise<void> {
  noteFailure(pass, failure);
  if (pass.down) return;
  if (pass.outagesInRow > 0) return void pass.doubtfulFailures.push(record);
  await recordDoubtful(pass);
  await record();
}

/**
 * Before people are blamed for what looks like an outage, the service provider is asked something that is about nobody:
 * where that fails too it is down, and their failures are not stored.
 */
export async function judgeDoubtful(pass: Pass): Promise<void> {
  if (pass.down || pass.doubtfulFailures.length === 0) return;
  const answer = await pass.scim.send('GET', '/Users?count=1');
  if (!answer.ok && isOutage(answer.failure)) pass.down = answer.failure;
  else await recordDoubtful(pass);
}

/** Judges whether a failure is the service provider's as a whole; then nothing more is sent in this pass. */
export function noteFailure(pass: Pass, failure: ScimFailure): void {
  if (pass.down) return;
  if (isDown(failure)) {
    pass.down = failure;
  } else if (isDoubtful(failure)) {
    pass.outagesInRow++;
    if (pass.outagesInRow >= outagesUntilDown) pass.down = failure;
  } else {
    pass.outagesInRow = 0;
  }
}

/** Whether one failure is enough to say that the service provider as a whole does not work, or refuses us. */
export function isDown(failure: ScimFailure): boolean {
  return isDoubtful(failure) ? failure.reason === 'RATE_LIMITED' : isOutage(failure);
}

/** An answer that is no SCIM may be about one person's content (a firewall's page); no answer at all is not. */
function isDoubtful({ code, httpStatus }: ScimFailure): boolean {
  return code === '45004' || (code === '45005' && httpStatus > 0);
}

/** Of the codes of single people (450xx) these two are about the service provider; all others are about the app. */
function isOutage({ code }: ScimFailure): boolean {
  return code === '45004' || code === '45005' || !code.startsWith('450');
}
