import { expect, test } from '@jest/globals';
import {
  AuthorizationForm_Method,
  DeprovisioningAction,
  Template,
  Account,
  Account_Origin,
  Account_State,
  Danger,
  ExplainAccessResponse,
  ExplainAccessResponse_Cause,
  ExplainUserResponse,
  Failure,
  Failure_State,
  GetAppCountersResponse,
  GetAppStatusResponse,
  GetAppStatusResponse_State,
  GetReadStatusResponse,
  HeldAction,
  Hold_What,
  MembershipEdge_MemberKind,
  Outcome_Action,
  PlannedAction,
  PlanTotals,
  PlanUndoResponse,
  ProvisionUsersResponse,
  TimelineEntry,
  TimelineEntry_Kind,
} from '@autoprov/proto';
import { formatStatuses } from '../app-status.ts';
import { formatAccounts } from './accounts.ts';
import { formatAccess, formatExplanation } from './explain.ts';
import { formatFailures } from './failures.ts';
import { formatHeld } from './held.ts';
import { formatHolds } from './holds.ts';
import { formatPlan } from './plan.ts';
import { formatProvisioned } from './provision.ts';
import { formatReads } from './reads.ts';
import { formatTemplates } from './templates.ts';
import { formatTimeline } from './timeline.ts';
import { formatUndo } from './undo.ts';

const now = new Date('2026-01-02T03:00:00Z');
const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
const failure = Failure.fromPartial({
  state: Failure_State.STATE_OPEN,
  customer: 'customers/acme',
  app: 'customers/acme/apps/crm',
  user: 'customers/acme/users/1042',
  primaryEmail: 'ada@acme.test',
  action: Outcome_Action.ACTION_CREATE,
  code: '45003',
  reason: 'DUPLICATE',
  title: 'Understood and refused',
  resolution: ['Find the other account.'],
  detail: 'userName is taken',
  openTime: minutesAgo(180),
});

test('failures are a table, with what to do about each kind once', () => {
  const other = { ...failure, primaryEmail: '', nextAttemptTime: minutesAgo(-4) };
  expect(formatFailures([failure, other], now).split('\n')).toEqual([
    'CODE    REASON      WHERE      WHO             ACTION   WHAT THEY SAY       SINCE   NEXT TRY',
    '45003   DUPLICATE   acme/crm   ada@acme.test   create   userName is taken   3h      on change',
    '45003   DUPLICATE   acme/crm   1042            create   userName is taken   3h      in 4m',
    '',
    'What to do',
    '  45003 Understood and refused',
    '    - Find the other account.',
  ]);
});

test('no failure is a sentence', () => expect(formatFailures([], now)).toBe('nothing is failing'));

test('the status has a row per app and says why', () => {
  const live = {
    ...GetAppStatusResponse.fromPartial({ explanation: 'tried again at 03:05' }),
    state: GetAppStatusResponse_State.STATE_BACKING_OFF,
    pendingCount: 12n,
    activeCount: 340n,
  };
  const counters = { ...GetAppCountersResponse.fromPartial({}), created: 340n, failed: { '45004': 2n } };
  const read = GetReadStatusResponse.fromPartial({ lastEndTime: minutesAgo(5) });
  const statuses = [{ app: 'customers/acme/apps/crm', live, counters, read }];
  expect(formatStatuses(statuses, now).split('\n')).toEqual([
    'APP        STATE         LAST READ   PENDING   FAILING   ACTIVE   SUSPENDED   IN 30 DAYS',
    'acme/crm   backing off   5m ago      12        0         340      0           340 created, 2 failed',
    '',
    'acme/crm: tried again at 03:05',
  ]);
});

test('what a service did not answer is unknown, not zero', () => {
  const statuses = [{ app: 'customers/acme/apps/crm', live: undefined, counters: undefined, read: undefined }];
  expect(formatStatuses(statuses, now).split('\n')[1]).toMatch(/^acme\/crm +unknown +- +- +- +- +- +-$/);
});

test('an explanation says why, what is and what comes', () => {
  const answer = ExplainUserResponse.fromPartial({
    inScope: true,
    scopeExplanation: 'member of sales@acme.test',
    account: {
      scimId: 'a1',
      state: Account_State.STATE_ACTIVE,
      origin: Account_Origin.ORIGIN_CREATED,
      acceptTime: minutesAgo(5),
    },
    next: {
      action: Outcome_Action.ACTION_UPDATE,
      explanation: 'the title changed',
      changes: [{ path: 'title', oldValue: 'Engineer', newValue: 'Senior' }],
    },
  });
  expect(formatExplanation(answer, now).split('\n')).toEqual([
    'in scope   yes: member of sales@acme.test',
    'account    active, created, id a1, accepted 5m ago',
    'next       update: the title changed',
    '',
    'ATTRIBUTE   IS           WILL BE',
    'title       "Engineer"   "Senior"',
  ]);
});

test('an explanation of somebody without an account says what stands in the way', () => {
  const account = { failureCode: '45016', failureReason: 'MISSING_REQUIRED', failureDetail: 'no title' };
  const answer = ExplainUserResponse.fromPartial({ inScope: true, account });
  expect(formatExplanation(answer, now)).toContain(
    'account    none yet; failing with 45016 MISSING_REQUIRED: no title',
  );
});

test('an explanation shows the way from the group to the person, and what of it is not whole', () => {
  const answer = ExplainUserResponse.fromPartial({
    inScope: true,
    scopeExplanation: 'in the group sales@acme.test',
    memberships: [
      {
        group: 'sales@acme.test',
        isMember: true,
        explanation: 'in it by 1 nested group',
        path: [
          {
            group: 'sales@acme.test',
            memberKind: MembershipEdge_MemberKind.MEMBER_KIND_GROUP,
            member: 'emea@acme.test',
          },
          { group: 'emea@acme.test', memberKind: MembershipEdge_MemberKind.MEMBER_KIND_USER, member: '1042' },
        ],
        completeTime: minutesAgo(5),
        groups: [{ group: 'sales@acme.test', complete: true }, { group: 'emea@acme.test' }],
      },
    ],
  });
  expect(formatExplanation(answer, now, 'ada@acme.test').split('\n')[1]).toBe(
    'group      sales@acme.test → emea@acme.test → ada@acme.test ' +
      '(in it by 1 nested group; not whole: emea@acme.test; read whole 5m ago)',
  );
});

test('how reading stands is told in lines, and part by part', () => {
  const status = GetReadStatusResponse.fromPartial({
    running: {
      readNo: 8n,
      startTime: minutesAgo(1),
      usersRead: 4000n,
      groupsRead: 0,
      groupsTotal: 3,
      estimatedEndTime: minutesAgo(-4),
    },
    lastReadNo: 7n,
    lastEndTime: minutesAgo(6),
    lastCompleteReadNo: 6n,
    lastCompleteTime: minutesAgo(11),
    nextReadTime: minutesAgo(1),
    requestedReadNo: 9n,
    presentCount: 9000n,
    parts: [
      { part: 'users', completeTime: minutesAgo(6) },
      {
        part: 'groups/sales@acme.test',
        completeTime: minutesAgo(11),
        missingSince: minutesAgo(6),
        incomplete: true,
        code: '50005',
        detail: 'members.list answered 404',
      },
    ],
  });
  expect(formatReads(status, now).split('\n')).toEqual([
    'running    read 8: 4000 people, 0 of 3 groups, about 4m left',
    'last       read 7, ended 6m ago',
    'complete   read 6, ended 11m ago',
    'next       read 9, which was asked for',
    'people     9000',
    '',
    'PART              WHOLE     LAST READ        CODE    WHY',
    'users             6m ago    whole            -       -',
    'sales@acme.test   11m ago   missing for 6m   50005   members.list answered 404',
  ]);
});

test('a directory that was never read says so', () => {
  expect(formatReads(GetReadStatusResponse.fromPartial({}), now).split('\n')).toEqual([
    'last       none yet',
    'complete   none yet',
    'next       none: no setup is active',
    'people     0',
  ]);
});

test('accounts are a table', () => {
  const account = Account.fromPartial({
    name: 'customers/acme/apps/crm/accounts/1042',
    scimId: 'a1',
    state: Account_State.STATE_SUSPENDED,
    origin: Account_Origin.ORIGIN_ADOPTED,
    accepted: { userName: 'ada@acme.test' },
    acceptTime: minutesAgo(3),
  });
  expect(formatAccounts([account], now).split('\n')).toEqual([
    'USER   USER NAME       STATE       ORIGIN    SCIM ID   ACCEPTED   FAILING   NEXT',
    '1042   ada@acme.test   suspended   adopted   a1        3m         -         -',
  ]);
});

test('a template shows how it authorises, what it does with leavers and where its endpoint is', () => {
  const templates = [
    Template.fromPartial({
      name: 'templates/crm',
      displayName: 'CRM',
      version: 2,
      authorization: { methods: [AuthorizationForm_Method.METHOD_OAUTH_CODE, AuthorizationForm_Method.METHOD_BEARER] },
      deprovisioningActions: [DeprovisioningAction.DEPROVISIONING_ACTION_SUSPEND],
      endpoint: { urlTemplate: 'https://{team}.crm.example/scim' },
    }),
    Template.fromPartial({ name: 'templates/any', displayName: 'Any', version: 1 }),
  ];
  expect(formatTemplates(templates).split('\n')).toEqual([
    expect.stringMatching(/^TEMPLATE +VERSION +AUTHORISES BY +LEAVERS +ENDPOINT +NAME$/),
    expect.stringMatching(/^crm +2 +oauth code, bearer +suspend +https:\/\/\{team\}\.crm\.example\/scim +CRM$/),
    expect.stringMatching(/^any +1 +- +suspend, delete +any +Any$/),
  ]);
});

test('what is held says who would lose what, and how to approve exactly that', () => {
  const action = HeldAction.fromPartial({
    user: 'customers/acme/users/1042',
    danger: Danger.DANGER_CHANGED_IDENTITY,
    action: Outcome_Action.ACTION_UPDATE,
    explanation: '1 attributes differ',
    holdTime: minutesAgo(5),
  });
  const changes = [{ path: 'userName', oldValue: 'ada', newValue: 'ada.l' }];
  const held = { actions: [{ ...action, changes }], approvalHash: '7-abc', coveredCount: 1n };
  expect(formatHeld(held, 'crm', now).split('\n')).toEqual([
    'USER   ACTION   DANGER             ATTRIBUTES                  WHY                   SINCE   APPROVED BY   ENDED',
    '1042   update   changed identity   userName: "ada" → "ada.l"   1 attributes differ   5m      -             -',
    '',
    'to approve these 1: autoprov approve 7-abc --app crm',
  ]);
  expect(formatHeld({ actions: [], approvalHash: '7-abc', coveredCount: 0n }, 'crm', now)).toBe('nothing');
});

test('a plan shows each person, the numbers, and how many would be held', () => {
  const suspend = { action: Outcome_Action.ACTION_SUSPEND, explanation: 'out of scope: suspended by the policy' };
  const action = PlannedAction.fromPartial({ ...suspend, user: 'customers/acme/users/1042', held: true });
  const totals = PlanTotals.fromPartial({ suspends: 1n, unchanged: 8n, held: 1n });
  expect(formatPlan({ actions: [action], totals, waitingFor: [] }).split('\n')).toEqual([
    'USER   ACTION    HELD   ATTRIBUTES   WHY',
    '1042   suspend   held   -            out of scope: suspended by the policy',
    '',
    '1 suspends, 8 unchanged; of these 1 would be held until they are approved',
  ]);
  expect(formatPlan({ actions: [], totals: undefined, waitingFor: ['users'] })).toMatch(/waits for a read of users/);
});

test('holds say what, by whom and why', () => {
  const hold = {
    parent: 'customers/-',
    what: Hold_What.WHAT_REMOVALS,
    reason: 'wrong org chart',
    placedBy: 'ann@x.example',
  };
  expect(formatHolds([{ ...hold, placeTime: minutesAgo(1) }], now).split('\n')).toEqual([
    'WHAT       OF              BY              SINCE   WHY',
    'removals   all customers   ann@x.example   60s     wrong org chart',
  ]);
});

const entries = [
  { kind: TimelineEntry_Kind.KIND_APPROVED, time: minutesAgo(60), explanation: 'approved', actor: 'eve@acme.test' },
  {
    kind: TimelineEntry_Kind.KIND_ACCEPTED,
    time: minutesAgo(59),
    explanation: 'the account was suspended',
    changes: [{ path: 'active', oldValue: true, newValue: false }],
  },
].map((entry) => TimelineEntry.fromPartial(entry));

test('a timeline is a table, the oldest first, with who did it and what changed', () => {
  expect(formatTimeline(entries).split('\n')).toEqual([
    'WHEN                   WHAT       HOW                         BY              CODE   DETAILS',
    '2026-01-02T02:00:00Z   approved   approved                    eve@acme.test   -      -',
    '2026-01-02T02:01:00Z   accepted   the account was suspended   -               -      active: true → false',
  ]);
  expect(formatTimeline([])).toBe('nothing is kept of that time');
});

test('why somebody had access is said with the cause, the end and what says so', () => {
  const answer = ExplainAccessResponse.fromPartial({
    asOf: minutesAgo(90),
    cause: ExplainAccessResponse_Cause.CAUSE_APP_DOWN,
    explanation: 'had access: it failed',
    changeTime: minutesAgo(59),
  });
  const head = ['then       2026-01-02T01:30:00.000Z', 'cause      app down', 'why        had access: it failed'];
  expect(formatAccess(answer).split('\n')).toEqual([...head, 'changed    2026-01-02T02:01:00.000Z']);
  expect(formatAccess({ ...answer, evidence: entries })).toContain('eve@acme.test');
});

test('an undo is shown before it is done, with who can not come back', () => {
  const action = { user: 'customers/acme/users/1', action: Outcome_Action.ACTION_REACTIVATE, explanation: 'as before' };
  const lost = { user: 'customers/acme/users/2', explanation: 'deleted since' };
  const shown = formatUndo(PlanUndoResponse.fromPartial({ actions: [action], unrestorable: [lost] }));
  expect(shown.split('\n')).toEqual([
    'USER   ACTION            ATTRIBUTES   WHY',
    '1      reactivate        -            as before',
    "2      can't come back   -            deleted since",
    '',
    `1 would be brought back, 1 can't be; add --reason "why" to do it`,
  ]);
  expect(formatUndo(PlanUndoResponse.fromPartial({}))).toMatch(/^nothing to undo/);
});

test('who was provisioned is told with the steps, and who was not with why', () => {
  const user = 'customers/acme/users/1';
  const done = ProvisionUsersResponse.fromPartial({ user, done: true, explanation: 'in step', steps: entries });
  expect(formatProvisioned(done).split('\n')[0]).toBe('1: done, in step');
  expect(formatProvisioned(done)).toContain('the account was suspended');
  expect(formatProvisioned(ProvisionUsersResponse.fromPartial({ user, explanation: 'held' }))).toBe(
    '1: not done, held',
  );
});
