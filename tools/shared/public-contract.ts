import { topics, topicSpecs } from '@autoprov/kafka';
import { publicJsonSchemaOf } from '@autoprov/proto';
import { stringify } from 'yaml';

/** The public topics: what is on them, and the types of their events. */
const published = [
  {
    topic: topics.failures,
    message: 'Failure',
    key: 'failures/{failure}',
    types: ['opened', 'retried', 'reopened', 'resolved', 'superseded', 'dismissed'].map(
      (it) => `autoprov.failure.${it}.v1`,
    ),
    description:
      'The latest state of every failure that is open or ended less than 30 days ago; compacted by its name.',
  },
  {
    topic: topics.outcomes,
    message: 'Outcome',
    key: 'customers/{customer}/apps/{app}/accounts/{user}',
    types: ['accepted', 'failed', 'withdrawn'].map((it) => `autoprov.outcome.${it}.v1`),
    description: 'What came of each push; kept for 14 days.',
  },
  {
    topic: topics.checks,
    message: 'Check',
    key: 'the subject: a resource name, or "installation"',
    types: ['failed', 'passed'].map((it) => `autoprov.check.${it}.v1`),
    description: 'What a service needs failed, or works again; kept for 14 days.',
  },
];

/** The files of docs/schemas as the contracts give them: text by file name. */
export function publicContract(): Map<string, string> {
  const schemas = published.map(({ message }) => {
    const typeName = `autoprov.event.v1.${message}`;
    return [`${typeName}.json`, `${JSON.stringify(publicJsonSchemaOf(typeName), null, 2)}\n`] as const;
  });
  return new Map([...schemas, ['asyncapi.yaml', asyncApi()]]);
}

function asyncApi(): string {
  const head = '# Generated from the contracts: node --conditions=@autoprov/source tools/write-schemas.ts\n';
  return (
    head +
    stringify(
      {
        asyncapi: '3.0.0',
        info: {
          title: 'Autoprov, public topics',
          version: '1.0.0',
          description:
            'CloudEvents 1.0 in Kafka binary mode, values in canonical proto3 JSON. Rules for consumers: docs/consumers.md. ' +
            'Later versions add fields, names of enums and types; a breaking change is a new topic.',
          license: { name: 'Apache-2.0' },
        },
        defaultContentType: 'application/json',
        channels: Object.fromEntries(published.map((it) => [it.message, channel(it)])),
        operations: Object.fromEntries(
          published.map(({ message }) => [
            `publish${message}`,
            { action: 'send', channel: { $ref: `#/channels/${message}` } },
          ]),
        ),
        components: {
          messageTraits: { cloudEvent: { headers: cloudEventHeaders() } },
        },
      },
      { lineWidth: 0, aliasDuplicateObjects: false },
    )
  );
}

function channel({ topic, message, key, types, description }: (typeof published)[number]) {
  const { partitions, config } = topicSpecs().find(({ name }) => name === topic)!;
  const policy = config['cleanup.policy'];
  return {
    address: topic,
    description,
    bindings: {
      kafka: { topic, partitions, topicConfiguration: { 'cleanup.policy': [policy] }, bindingVersion: '0.5.0' },
    },
    messages: {
      [message]: {
        name: `autoprov.event.v1.${message}`,
        summary: `ce_type is one of ${types.join(', ')}`,
        contentType: 'application/json',
        traits: [{ $ref: '#/components/messageTraits/cloudEvent' }],
        payload: {
          schemaFormat: 'application/schema+json;version=draft-2020-12',
          schema: { $ref: `./autoprov.event.v1.${message}.json` },
        },
        bindings: { kafka: { key: { type: 'string', description: key }, bindingVersion: '0.5.0' } },
      },
    },
  };
}

function cloudEventHeaders() {
  const text = { type: 'string' };
  return {
    type: 'object',
    description: 'A tombstone, a null value, has none.',
    properties: {
      ce_specversion: { const: '1.0' },
      ce_id: { ...text, description: 'the same for the same subject and seq' },
      ce_source: { ...text, description: '/installations/{installation}/{service}' },
      ce_type: text,
      ce_subject: text,
      ce_time: { ...text, format: 'date-time' },
      ce_partitionkey: text,
      ce_dataschema: { ...text, format: 'uri' },
      'content-type': { const: 'application/json' },
      traceparent: text,
    },
    required: [
      'ce_specversion',
      'ce_id',
      'ce_source',
      'ce_type',
      'ce_subject',
      'ce_time',
      'ce_partitionkey',
      'ce_dataschema',
      'content-type',
    ],
  };
}
