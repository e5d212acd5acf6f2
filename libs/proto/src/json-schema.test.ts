import { expect, test } from '@jest/globals';
import { jsonSchemaOf, publicJsonSchemaOf } from './index.ts';

const { $defs, ...root } = jsonSchemaOf('autoprov.config.v1.Template') as {
  $defs: Record<string, { properties: Record<string, unknown>; additionalProperties: boolean }>;
};

test('a message is an object of its fields by their canonical names, and of no others', () => {
  expect(root).toMatchObject({ $ref: '#/$defs/autoprov.config.v1.Template' });
  const template = $defs['autoprov.config.v1.Template']!;
  expect(template.additionalProperties).toBe(false);
  expect(template.properties).toMatchObject({
    displayName: { type: 'string' },
    version: { type: 'integer' },
    scim: { $ref: '#/$defs/autoprov.config.v1.ScimProfile' },
    notes: { type: 'array', items: { type: 'string' } },
    deprovisioningActions: {
      type: 'array',
      items: { enum: expect.arrayContaining(['DEPROVISIONING_ACTION_SUSPEND', 'DEPROVISIONING_ACTION_DELETE']) },
    },
  });
  expect($defs['autoprov.config.v1.ScimProfile']!.properties).toMatchObject({
    singleValued: { type: 'boolean' },
    maxLengths: { type: 'object', additionalProperties: { type: 'integer' } },
  });
});

test('durations, constants and expressions are as canonical JSON has them', () => {
  expect($defs['autoprov.config.v1.DeprovisioningRule']!.properties).toMatchObject({
    suspendAfter: { type: 'string', pattern: expect.stringContaining('s$') },
  });
  expect($defs['autoprov.config.v1.MappingRow']!.properties).toMatchObject({
    attribute: { type: 'string' },
    constant: {},
    expression: { type: 'string' },
  });
});

test('the schema of a public message requires what it is told to, and lets through what later versions add', () => {
  const schema = publicJsonSchemaOf('autoprov.event.v1.Failure', ['name', 'resolution']) as typeof root & {
    $defs: Record<string, { properties: Record<string, unknown>; required: string[] }>;
  };
  const failure = schema.$defs['autoprov.event.v1.Failure']!;
  expect(failure).not.toHaveProperty('additionalProperties');
  expect(failure.required).toEqual(['name', 'resolution']);
  expect(failure.properties).toMatchObject({
    seq: { type: 'string' },
    state: { anyOf: [{ enum: expect.arrayContaining(['STATE_OPEN']) }, { type: 'string' }] },
  });
  expect(() => publicJsonSchemaOf('autoprov.event.v1.Failure', ['nam'])).toThrow(/has no nam/);
});

test('a message that the contracts do not have is an error', () => {
  expect(() => jsonSchemaOf('autoprov.config.v1.Nothing')).toThrow(/npm run generate/);
});
