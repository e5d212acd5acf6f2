import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { status } from '@autoprov/grpc';
import {
  AttributeMapping,
  DeprovisioningPolicy,
  MappingTest,
  ProvisioningScope,
  type ProvisioningSetup,
  type UpdateSetupResponse,
} from '@autoprov/proto';
import { failureOf, installApp, plain, readEverything, soon, startConfigForTests } from '../config.fixture.ts';
import type { ConfigForTests } from '../config.fixture.ts';
import { setupWith } from '../setup.fixture.ts';

let config: ConfigForTests;
beforeAll(async () => {
  config = await startConfigForTests();
});
afterAll(() => config.stop());

async function makeSetup(): Promise<ProvisioningSetup> {
  const parent = await installApp(config, `c-${randomUUID().slice(0, 8)}`, 'crm');
  const setup = setupWith({ scope: { groups: ['a'] }, matching: { attributes: ['userName'] } });
  return (await config.cli.createSetup({ parent, setup, ...plain }, soon)).setup!;
}

const attributeMapping = AttributeMapping.fromPartial({
  rows: [{ target: 'userName', source: { $case: 'attribute', value: 'primaryEmail' } }],
});
const mappingTests = [
  MappingTest.fromPartial({
    name: 'Ada',
    user: { primaryEmail: 'a@b.example' },
    expected: { userName: 'a@b.example' },
  }),
];
const scope = ProvisioningScope.fromPartial({ groups: ['b'], filter: 'true' });
const deprovisioning = DeprovisioningPolicy.fromPartial({ deleted: { deleteAfter: { seconds: 5n, nanos: 0 } } });

type Write = { name: string; etag: string };
const parts: [string, (write: Write) => Promise<UpdateSetupResponse>, Partial<ProvisioningSetup>][] = [
  [
    'mapping',
    (write: Write) => config.cli.updateAttributeMapping({ ...write, attributeMapping, mappingTests, ...plain }, soon),
    { attributeMapping, mappingTests },
  ],
  ['scope', (write: Write) => config.cli.updateGroupSettings({ ...write, scope, ...plain }, soon), { scope }],
  [
    'deprovisioning',
    (write: Write) => config.cli.updateDeprovisioningConfig({ ...write, deprovisioning, ...plain }, soon),
    { deprovisioning },
  ],
];

test.each(parts)('a change of the %s alone leaves the rest of the setup', async (_, change, expected) => {
  const before = await makeSetup();
  const { setup } = await change(before);
  const { etag, revision, updateTime } = setup!;
  expect(revision).toBeGreaterThan(before.revision);
  expect(setup).toEqual({ ...before, etag, revision, updateTime, ...expected });
  expect((await config.cli.getSetup({ name: before.name }, soon)).setup).toEqual(setup);
});

test.each(parts)('a change of the %s that changes nothing takes no revision', async (_, change) => {
  const { setup } = await change(await makeSetup());
  expect((await change(setup!)).setup).toEqual(setup);
});

test('a part that is left out is emptied: the mapping is the template’s then, without tests', async () => {
  const before = await makeSetup();
  const changed = (await parts[0]![1](before)).setup!;
  const empty = { name: changed.name, etag: changed.etag, attributeMapping: undefined, mappingTests: [], ...plain };
  const { setup } = await config.cli.updateAttributeMapping(empty, soon);
  expect(setup).toMatchObject({ attributeMapping: before.attributeMapping, mappingTests: [] });
});

test.each<[string, (write: Write) => Promise<unknown>, string[]]>([
  [
    'mapping',
    (write) =>
      config.cli.updateAttributeMapping(
        {
          ...write,
          attributeMapping: AttributeMapping.fromPartial({ rows: [...attributeMapping.rows, { target: 'x y' }] }),
          mappingTests: [MappingTest.fromPartial({})],
          ...plain,
        },
        soon,
      ),
    [
      'attribute_mapping.rows[1].target',
      'attribute_mapping.rows[1].source',
      'mapping_tests[0].name',
      'mapping_tests[0].user',
      'mapping_tests[0].expected',
    ],
  ],
  [
    'scope',
    (write) =>
      config.cli.updateGroupSettings(
        { ...write, scope: ProvisioningScope.fromPartial({ groups: ['a', 'a'] }), ...plain },
        soon,
      ),
    ['scope.groups[1]'],
  ],
  [
    'scope that is too large',
    (write) => {
      const persons = Array.from({ length: 100_000 }, (_, i) => `person-${i}@example.com`);
      return config.cli.updateGroupSettings(
        { ...write, scope: ProvisioningScope.fromPartial({ persons }), ...plain },
        soon,
      );
    },
    ['scope'],
  ],
  [
    'deprovisioning',
    (write) => {
      const suspended = { suspendAfter: { seconds: -1n, nanos: 0 } };
      return config.cli.updateDeprovisioningConfig(
        { ...write, deprovisioning: DeprovisioningPolicy.fromPartial({ suspended }), ...plain },
        soon,
      );
    },
    ['deprovisioning.suspended.suspend_after'],
  ],
])(
  'a wrong %s is refused with the fields as the request has them, and leaves no half-saved state',
  async (_, call, fields) => {
    const setup = await makeSetup();
    const before = await readEverything(config);
    expect(await failureOf(call({ name: setup.name, etag: setup.etag }))).toMatchObject({
      code: status.INVALID_ARGUMENT,
      reason: 'INVALID_REQUEST',
      fieldViolations: fields.map((field) => ({ field })),
    });
    expect(await readEverything(config)).toEqual(before);
  },
);
