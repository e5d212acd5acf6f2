import { jsonSchemaOf, type JsonSchema } from '@autoprov/proto';

/** What `templates/template.schema.json` holds: a template as editors check it. */
export function templateSchema(): JsonSchema {
  const schema = jsonSchemaOf('autoprov.config.v1.Template');
  const definitions = schema['$defs'] as Record<string, { properties: Record<string, unknown> }>;
  definitions['autoprov.config.v1.Template']!.properties['$schema'] = { type: 'string' };
  return schema;
}
