import { expect, test } from '@jest/globals';
import {
  AuditRecord,
  AuthorizationForm_Method,
  Credential,
  Credential_Kind,
  Credential_State,
  GetPreConfigurationResponse,
  PreviewMappingResponse,
  ProvisioningSetup,
  ProvisioningSetup_State,
  Revocation,
  Revocation_Kind,
  SetupCheck,
  SetupCheck_Result,
  SetupRevision,
} from '@autoprov/proto';
import { formatChecks } from './check.ts';
import { formatAudit, formatCredentials, formatRevocations } from './credentials.ts';
import { formatHistory } from './history.ts';
import { formatPreparation } from './prepare.ts';
import { formatPreview } from './preview.ts';

const now = new Date('2026-01-02T03:00:00Z');
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000);

test('checks are a table with code, reason and what was found', () => {
  const check = {
    ...SetupCheck.fromPartial({ id: 'credential', code: '17010', reason: 'TOKEN_REFUSED', message: 'store a new one' }),
    result: SetupCheck_Result.RESULT_FAILED,
  };
  expect(formatChecks([check]).split('\n')).toEqual([
    'CHECK        RESULT   CODE    REASON          WHAT WAS FOUND',
    'credential   failed   17010   TOKEN_REFUSED   store a new one',
  ]);
});

test('a preview says of each value where it comes from and why it would be refused', () => {
  const answer = PreviewMappingResponse.fromPartial({
    inScope: true,
    scopeExplanation: 'everybody is in scope',
    values: [
      { target: 'title', value: 'Engineer', origin: 'organizations[primary].title', problem: '' },
      { target: 'nickName', value: undefined, origin: 'user.nick', problem: 'no value' },
    ],
    matching: [
      { attribute: 'userName', value: 'ada@acme.test' },
      { attribute: 'nickName', value: '' },
      { attribute: 'title', problem: '1:5: the user has no "x"' },
    ],
  });
  expect(formatPreview(answer).split('\n')).toEqual([
    'in scope   yes: everybody is in scope',
    'match by   userName = ada@acme.test',
    'match by   nickName: no value, passed over',
    'match by   title fails: 1:5: the user has no "x"',
    '',
    'ATTRIBUTE   VALUE        COMES FROM                     PROBLEM',
    'title       "Engineer"   organizations[primary].title   -',
    'nickName    -            user.nick                      no value',
  ]);
});

test('a history says who changed what, and what was rolled back', () => {
  const setup = { ...ProvisioningSetup.fromPartial({}), state: ProvisioningSetup_State.STATE_ACTIVE };
  const revisions = [
    SetupRevision.fromPartial({ revision: 9n, caller: 'cli', createTime: daysAgo(2) }),
    {
      ...SetupRevision.fromPartial({ revision: 8n, caller: 'console', person: 'ada@acme.test', rolledBackTo: 3n }),
      createTime: daysAgo(3),
      changedPaths: ['scope.groups', 'matching'],
      setup,
    },
  ];
  expect(formatHistory(revisions, now).split('\n')).toEqual([
    'REVISION   AGE   BY              STATE     CHANGED',
    '9          2d    cli             deleted   -',
    '8          3d    ada@acme.test   active    scope.groups, matching, (back to 3)',
  ]);
});

test('a preparation names the client id, the scopes and the page to authorize them', () => {
  const answer = {
    ...GetPreConfigurationResponse.fromPartial({
      app: { displayName: 'CRM' },
      template: { displayName: 'Slack', notes: ['One limit for all apps.'], endpoint: { hint: 'Ask an owner.' } },
      clientId: '104',
      scopes: ['https://a', 'https://b'],
      delegationLink: 'https://admin.google.com/x',
    }),
  };
  answer.template!.authorization = {
    methods: [AuthorizationForm_Method.METHOD_OAUTH_CODE],
    authorizationUrl: '',
    tokenUrl: '',
    revocationUrl: '',
    scopes: [],
    tokenLifetime: undefined,
    authorizationParameters: {},
  };
  const text = formatPreparation(answer);
  expect(text).toContain('authorize the client id 104 for the scopes https://a,https://b');
  expect(text).toContain('https://admin.google.com/x');
  expect(text).toContain('it takes oauth code');
  expect(text).toContain('Ask an owner.');
  expect(formatPreparation({ ...answer, clientId: '' })).toContain('store a service account');
});

test('credentials, revocations and the audit are tables, and a sentence where there is nothing', () => {
  const credential = {
    ...Credential.fromPartial({ name: 'customers/acme/apps/crm/credential', expireTime: daysAgo(-5) }),
    kind: Credential_Kind.KIND_BEARER,
    state: Credential_State.STATE_EXPIRING,
  };
  expect(formatCredentials([credential], now).split('\n')[1]).toMatch(/^acme\/crm +bearer +expiring +in 5d/);
  expect(formatCredentials([], now)).toBe('no credentials are stored');
  const revocation = {
    ...Revocation.fromPartial({ app: 'customers/acme/apps/crm', clientId: '104', message: 'remove it' }),
    kind: Revocation_Kind.KIND_DELEGATION,
  };
  expect(formatRevocations([revocation], now).split('\n')[1]).toMatch(
    /^acme\/crm +delegation at Google +104 .*remove it/,
  );
  expect(formatRevocations([], now)).toBe('nothing is left to withdraw');
  const record = AuditRecord.fromPartial({
    caller: 'cli',
    resource: 'customers/acme',
    refusedReason: 'SERVICE_ACCOUNT_TAKEN',
    count: 2n,
  });
  expect(formatAudit([record], now).split('\n')[1]).toMatch(
    /^cli +customers\/acme +- +refused: SERVICE_ACCOUNT_TAKEN +2/,
  );
  expect(formatAudit([], now)).toBe('nobody has asked for anything yet');
});
