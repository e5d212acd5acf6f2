import { expect, test } from '@jest/globals';
import { readSpec } from './read-spec.ts';

const complete = `
customers:
  - id: acme
    displayName: Acme
    delegation:
      serviceAccountKeyFile: ./acme-key.json
      adminEmail: admin@acme.test
    apps:
      - id: crm
        displayName: CRM
        template: templates/scim-bearer
        credential:
          bearerToken: { fromEnv: CRM_TOKEN }
        setup:
          endpointUrl: https://crm.example/scim/v2
          scope: { groups: [sales@acme.test] }
          deprovisioning:
            deleted: { suspendAfter: 0s, deleteAfter: 604800s }
          attributeMapping:
            rows:
              - { target: userName, attribute: primaryEmail, required: true }
              - { target: userType, constant: Employee, apply: APPLY_ON_CREATE }
          state: ACTIVE
`;

const mistakesIn = (text: string): string => {
  try {
    readSpec(text, 'acme.yaml');
  } catch (err) {
    return (err as Error).message;
  }
  return 'no mistake';
};

test('a setup is read by its canonical JSON names', () => {
  const [customer] = readSpec(complete, 'acme.yaml').customers;
  expect(customer).toMatchObject({
    id: 'acme',
    delegation: { serviceAccountKeyFile: './acme-key.json' },
    apps: [{ id: 'crm', credential: { bearerToken: { fromEnv: 'CRM_TOKEN' } } }],
  });
  expect(customer?.apps[0]?.setup).toMatchObject({
    state: 'ACTIVE',
    fields: ['endpointUrl', 'scope', 'deprovisioning', 'attributeMapping'],
    wanted: {
      endpointUrl: 'https://crm.example/scim/v2',
      scope: { groups: ['sales@acme.test'] },
      deprovisioning: { deleted: { suspendAfter: { seconds: 0n }, deleteAfter: { seconds: 604800n } } },
      attributeMapping: {
        rows: [
          { source: { $case: 'attribute', value: 'primaryEmail' }, required: true },
          { source: { $case: 'constant', value: 'Employee' } },
        ],
      },
    },
  });
});

test('expressions, filters, mapping tests and what setups take over are read', () => {
  const text = complete
    .replace(
      'displayName: Acme',
      'displayName: Acme\n    setupDefaults: { excludedOrgUnits: [/Lab], deprovisioning: {} }',
    )
    .replace('{ groups: [sales@acme.test] }', '{ groups: [sales@acme.test], filter: user.suspended == false }')
    .replace('attribute: primaryEmail', 'expression: user.primaryEmail')
    .replace(
      'state: ACTIVE',
      `mappingTests:
            - name: Ada
              user: { primaryEmail: ada@acme.test, organizations: [{ title: Engineer }] }
              expected: { userName: ada@acme.test, title: null }`,
    );
  expect(mistakesIn(text)).toBe('no mistake');
  const [customer] = readSpec(text, 'acme.yaml').customers;
  expect(customer?.setupDefaults).toMatchObject({ excludedOrgUnits: ['/Lab'], excludedPersons: [] });
  expect(customer?.apps[0]?.setup).toMatchObject({
    fields: expect.arrayContaining(['mappingTests']),
    wanted: {
      scope: { filter: 'user.suspended == false' },
      attributeMapping: { rows: [{ source: { $case: 'expression', value: 'user.primaryEmail' } }, {}] },
      mappingTests: [{ name: 'Ada', expected: { userName: 'ada@acme.test', title: null } }],
    },
  });
});

test.each([
  [
    'an unknown field of the defaults',
    ['displayName: Acme', 'displayName: Acme\n    setupDefaults: { groups: [a] }'],
    /line 5: customers\[0\]\.setupDefaults\.groups is unknown here: use one of excludedOrgUnits/,
  ],
  ['an unknown field', ['displayName: Acme', 'dispalyName: Acme'], /line 4: customers\[0\]\.dispalyName is unknown/],
  ['a missing field', ['displayName: Acme', ''], /line 3: customers\[0\]\.displayName is missing/],
  [
    'an unknown field deep in a setup',
    ['groups:', 'grops:'],
    /line 16: customers\[0\]\.apps\[0\]\.setup\.scope\.grops is unknown here: use one of groups, orgUnits/,
  ],
  [
    'an unknown field of a mapping row',
    ['required: true', 'requierd: true'],
    /line 21: .*attributeMapping\.rows\[0\]\.requierd is unknown/,
  ],
  ['a value of the wrong type', ['604800s', 'a week'], /line 18: .*deprovisioning\.deleted\.deleteAfter/],
  ['an unknown name of a value', ['APPLY_ON_CREATE', 'ON_CREATE'], /line 22: .*rows\[1\]\.apply/],
  ['two of one choice', ['constant: Employee', 'constant: Employee, attribute: x'], /line 22: .*rows\[1\]/],
  [
    'a field that the service sets',
    ['endpointUrl:', 'etag: "1"\n          endpointUrl:'],
    /line 15: .*setup\.etag is set by the service: remove it/,
  ],
  ['an unknown state', ['state: ACTIVE', 'state: ON'], /line 23: .*setup\.state must be ACTIVE or INACTIVE/],
  [
    'an inline secret',
    ['{ fromEnv: CRM_TOKEN }', 's3cr3t'],
    /line 13: .*bearerToken must say where the secret is, never what it is/,
  ],
  [
    'two places of a secret',
    ['fromEnv: CRM_TOKEN', 'fromEnv: A, fromFile: b'],
    /line 13: .*bearerToken must have fromEnv or fromFile/,
  ],
  [
    'a service account with and without a key',
    [
      'serviceAccountKeyFile: ./acme-key.json',
      'keyless: { serviceAccountEmail: a, clientId: "1" }, serviceAccountKeyFile: k',
    ],
    /line 6: /,
  ],
  [
    'two kinds of credential',
    [
      'bearerToken: { fromEnv: CRM_TOKEN }',
      'bearerToken: { fromEnv: A }\n          basic: { username: u, password: { fromEnv: B } }',
    ],
    /line 12: .*credential must have one of bearerToken, basic, clientCredentials/,
  ],
  ['broken YAML', ['groups: [sales@acme.test]', 'groups: [sales@acme.test'], /line \d+: /],
  [
    'one name twice',
    ['    displayName: Acme', '    displayName: Acme\n    displayName: B'],
    /line 5: Map keys must be unique/,
  ],
] as const)('%s is named with its path and line', (_, [from, to], message) => {
  expect(complete).toContain(from);
  expect(mistakesIn(complete.replace(from, to))).toMatch(message);
});

test('all mistakes are told at once, and never a value that may be a secret', () => {
  const text = complete.replace('{ fromEnv: CRM_TOKEN }', 's3cr3t').replace('id: acme', 'id: ACME');
  expect(mistakesIn(text)).toMatch(/^acme\.yaml has 2 mistakes, nothing was applied:\n {2}line 3: .*\n {2}line 13: /);
  expect(mistakesIn(text)).not.toContain('s3cr3t');
});

test('an empty file is refused in words', () => {
  expect(mistakesIn('')).toMatch(/the file/);
});
