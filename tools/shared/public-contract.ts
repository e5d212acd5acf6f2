import { changeWords, eventTypeOf, toCloudEvent, topics, topicSpecs, type PublicMessages } from '@autoprov/kafka';
import { Check, publicJsonSchemaOf } from '@autoprov/proto';
import { stringify } from 'yaml';

type Published = {
  topic: string;
  kind: keyof PublicMessages;
  message: string;
  key: string;
  /** What every message holds that Kafka may still hold. A field that is added later is never put here. */
  required: string;
  description: string;
};

/** The public topics, and what is on them. */
const published: Published[] = [
  {
    topic: topics.failures,
    kind: 'failure',
    message: 'Failure',
    key: 'failures/{failure}',
    required:
      'name seq state scope customer app user primaryEmail action source code reason title resolution detail ' +
      'httpStatus scimType retryable attempt traceId',
    description:
      'The latest state of every failure that is open, dismissed, or ended less than 30 days ago; compacted by its name.',
  },
  {
    topic: topics.outcomes,
    kind: 'outcome',
    message: 'Outcome',
    key: 'customers/{customer}/apps/{app}/accounts/{user}',
    required:
      'app user seq action result code reason retryable detail httpStatus scimType attempt setupRevision traceId',
    description: 'What came of each push; kept for 14 days.',
  },
  {
    topic: topics.checks,
    kind: 'check',
    message: 'Check',
    key: 'the subject: a resource name, or "installation"',
    required: 'source subject seq passed code reason detail',
    description: 'What a service needs failed, or works again; kept for 14 days.',
  },
];

/** The files of docs/schemas as the contracts give them: text by file name. */
export function publicContract(): Map<string, string> {
  const schemas = published.map(({ message, required }) => {
    const typeName = `autoprov.event.v1.${message}`;
    return [
      `${typeName}.json`,
      `${JSON.stringify(publicJsonSchemaOf(typeName, required.split(' ')), null, 2)}\n`,
    ] as const;
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

function channel({ topic, kind, message, key, description }: Published) {
  const types = changeWords[kind].map((word) => eventTypeOf(kind, word));
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

/** What is known of a header beside its name. */
const headerSchemas: Record<string, object> = {
  ce_specversion: { const: '1.0' },
  ce_id: { type: 'string', description: 'the same for the same subject and seq' },
  ce_source: { type: 'string', description: '/installations/{installation}/{service}' },
  ce_time: { type: 'string', format: 'date-time' },
  ce_dataschema: { type: 'string', format: 'uri' },
  'content-type': { const: 'application/json' },
};

function cloudEventHeaders() {
  const origin = { installationId: 'local', service: 'token-broker' };
  const message = Check.fromPartial({ subject: 'installation', occurTime: new Date(0) });
  // A check is of no trace, so these are the headers that all have.
  const required = Object.keys(toCloudEvent(origin, { kind: 'check', message }).headers);
  return {
    type: 'object',
    description: 'A tombstone, a null value, has none.',
    properties: Object.fromEntries(
      [...required, 'traceparent'].map((name) => [name, headerSchemas[name] ?? { type: 'string' }]),
    ),
    required,
  };
}
