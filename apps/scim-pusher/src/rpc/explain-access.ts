import {
  ExplainAccessResponse_Cause as Cause,
  Outcome_Result,
  type ExplainAccessRequest,
  type ExplainAccessResponse,
} from '@autoprov/proto';
import { RpcError, status } from '@autoprov/grpc';
import type { PusherContext } from '../context.ts';
import { decide } from '../domain/decide.ts';
import { describeUserChange } from '../domain/describe-change.ts';
import {
  explainAccess as explain,
  isUnsettled,
  type AccessCause,
  type AccessSituation,
} from '../domain/explain-access.ts';
import { noAccount, type Account, type AppSetup } from '../domain/model.ts';
import { isActive } from '../store/setups.ts';
import { listAttempts } from '../store/attempts.ts';
import type { AccountThen, Version } from '../store/versions.ts';
import { readAppName, requireSetup } from './app-key.ts';
import { invalidField } from './errors.ts';
import { findPersonId } from './find-person.ts';
import { accountStates } from './list-accounts.ts';
import { readPast } from './list-timeline.ts';
import { presentPlannedAction } from './present-planned-action.ts';
import { toTimeline, type Past } from './present-timeline.ts';

const BEGINNING = new Date(0);
const evidenceMax = 100;

export async function explainAccess(ctx: PusherContext, request: ExplainAccessRequest): Promise<ExplainAccessResponse> {
  const key = readAppName('app', request.app);
  await requireSetup(ctx, request.app, key);
  const now = ctx.now();
  const { asOf = now } = request;
  if (asOf > now) throw invalidField('as_of', 'is in the future: ask what is planned with ExplainUser');
  const userId = await findPersonId(ctx, key.customerId, request.user);

  const past = await readPast(ctx, key, userId, { from: asOf, to: now });
  const then = { ...requireThen(past, asOf), account: at(past.accounts, asOf) };
  const [lastAttempt] = await listAttempts(ctx.pool, key, userId, { from: BEGINNING, to: asOf, limit: 1 });
  const situation = situationOf(past, then, asOf, lastAttempt);
  const { cause, since, words } = explain(situation);
  const changeTime = nextChangeOfAccess(past.accounts, asOf);

  const begin = new Date(Math.min(...[since, situation.knownAt, asOf].map((time) => (time ?? asOf).getTime())));
  const period = { from: begin, to: changeTime ?? asOf };
  const evidence = toTimeline(await readPast(ctx, key, userId, period), period).slice(-evidenceMax);
  return {
    user: `customers/${key.customerId}/users/${userId}`,
    asOf,
    state: accountStates[then.account?.value.state ?? 'none'],
    stateSince: then.account?.value.acceptedAt ?? then.account?.knownAt,
    // Without attributes: what people they refer to had then is not looked up, and bears on no access.
    wanted: {
      ...presentPlannedAction({
        customerId: key.customerId,
        userId,
        decision: situation.decision,
        account: then.account?.value ?? noAccount(userId),
      }),
      changes: [],
    },
    cause: causes[cause],
    causeSince: since,
    explanation: words,
    changeTime,
    evidence,
  };
}

const causes: Record<AccessCause, Cause> = {
  as_wanted: Cause.CAUSE_AS_WANTED,
  read_incomplete: Cause.CAUSE_READ_INCOMPLETE,
  timer: Cause.CAUSE_TIMER,
  guard: Cause.CAUSE_GUARD,
  hold: Cause.CAUSE_HOLD,
  app_down: Cause.CAUSE_APP_DOWN,
  refused: Cause.CAUSE_REFUSED,
  inactive: Cause.CAUSE_INACTIVE,
  under_way: Cause.CAUSE_UNDER_WAY,
};

/** The version that was in effect. */
function at<T>(versions: readonly Version<T>[], time: Date): Version<T> | undefined {
  return versions.find(({ knownAt, supersededAt }) => knownAt <= time && (!supersededAt || supersededAt > time));
}

function requireThen({ users, setups }: Past, asOf: Date): { user: Past['users'][0]; setup: Version<AppSetup> } {
  const user = at(users, asOf);
  const setup = at(setups, asOf);
  if (user && setup?.value) return { user, setup: { ...setup, value: setup.value } };
  const known = user ? setups : users;
  const since = known[0] ? `is known since ${known[0].knownAt.toISOString()}` : 'is not known';
  const message = `nothing is kept of that time: the ${user ? 'setup' : 'person'} ${since}; check the address, or ask for a later time`;
  throw new RpcError(status.NOT_FOUND, 'RESOURCE_NOT_FOUND', message);
}

type Then = ReturnType<typeof requireThen> & { account: Version<AccountThen> | undefined };

function situationOf(
  past: Past,
  then: Then,
  asOf: Date,
  lastAttempt: Past['attempts'][0] | undefined,
): AccessSituation {
  const { user, setup } = then;
  const account = then.account?.value ?? noAccount(user.value.name.split('/').at(-1)!);
  const decideAs = (person: typeof user, now: Date) =>
    decide({
      setup: setup.value.setup,
      user: person.value,
      account: withoutPastUndo(account, setup.value, person),
      references: new Map(),
      now,
    });
  const down = at(past.downs, asOf);
  const held = past.held.find(
    (row) => row.danger === 'access' && row.heldAt <= asOf && !((row.approvedAt ?? row.endedAt ?? asOf) < asOf),
  );
  const hasFailed = lastAttempt?.result === Outcome_Result.RESULT_FAILED;
  return {
    ...(then.account && { account: { state: account.state, since: then.account.knownAt } }),
    decision: decideAs(user, asOf),
    knownAt: user.knownAt > setup.knownAt ? user.knownAt : setup.knownAt,
    ...(!isActive(setup.value) && { inactive: { since: setup.knownAt, words: 'the setup was inactive' } }),
    holds: past.holds
      .filter(({ placedAt, supersededAt }) => placedAt <= asOf && (!supersededAt || supersededAt > asOf))
      .map(({ what, parent, placedBy, placedAt, reason }) => ({
        what,
        since: placedAt,
        words: `${placedBy} held ${what} of ${parent} (${reason})`,
      })),
    ...(held && { held: { since: held.heldAt, words: 'the guard held it until somebody approves it,' } }),
    ...(down && {
      down: { since: down.knownAt, words: `the service provider failed (${down.value.code} ${down.value.reason})` },
    }),
    ...(hasFailed && {
      failed: {
        since: lastAttempt.attemptedAt,
        words: `the service provider refused it (${lastAttempt.code} ${lastAttempt.reason}: ${lastAttempt.detail})`,
      },
    }),
    ...gapOf(past, then, asOf, (person) => isUnsettled(decideAs(person, person.knownAt), account.state === 'active')),
  };
}

/** An undo ends when the setup or the person changes. */
function withoutPastUndo(account: AccountThen, { revision }: AppSetup, { knownAt }: Version<unknown>): Account {
  const { undo, undoRevision, undoAt, ...rest } = account;
  return undo && undoRevision === revision && undoAt && undoAt >= knownAt ? { ...rest, undo } : rest;
}

/** The gap of a part that bears on the scope, and what the read that ended it showed. */
function gapOf(
  { gaps, users }: Past,
  { user, setup }: Then,
  asOf: Date,
  losesOrGains: (person: Past['users'][0]) => boolean,
): Pick<AccessSituation, 'gap'> {
  const groups = setup.value.setup.scope?.groups ?? [];
  const gap = gaps.find(
    ({ part, startTime, endTime }) =>
      (part === 'users' || groups.some((group) => part === `groups/${group}`)) &&
      startTime! <= asOf &&
      (!endTime || endTime > asOf),
  );
  if (!gap) return {};
  const known = gap.knownTime ? `, last whole at ${gap.knownTime.toISOString().slice(0, 16)}Z,` : '';
  const next = users.find(({ knownAt }) => knownAt > asOf);
  const isRevealed =
    next && (!gap.endTime || (next.value.observeTime ?? next.knownAt) <= gap.endTime) && losesOrGains(next);
  const revealed = isRevealed && {
    since: next.knownAt,
    words: describeUserChange(user.value, next.value) ?? 'nothing of this person',
  };
  const words = `${gap.part}${known} could not be read whole${gap.code ? ` (${gap.code})` : ''}`;
  return { gap: { since: gap.startTime!, words, ...(revealed && { revealed }) } };
}

/** When access was next given or taken. */
function nextChangeOfAccess(accounts: Past['accounts'], asOf: Date): Date | undefined {
  const isActiveNow = at(accounts, asOf)?.value.state === 'active';
  return accounts.find(({ knownAt, value }) => knownAt > asOf && (value.state === 'active') !== isActiveNow)?.knownAt;
}
