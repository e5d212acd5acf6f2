import {
  authorizationParameterName,
  jsonSchemaOf,
  reservedAuthorizationParameters,
  type JsonSchema,
} from '@autoprov/proto';

/** What `templates/template.schema.json` holds: a template as editors check it. */
export function templateSchema(): JsonSchema {
  const schema = jsonSchemaOf('autoprov.config.v1.Template');
  const definitions = schema['$defs'] as Record<string, { properties: Record<string, JsonSchema> }>;
  definitions['autoprov.config.v1.Template']!.properties['$schema'] = { type: 'string' };
  definitions['autoprov.config.v1.AuthorizationForm']!.properties['authorizationParameters']!['propertyNames'] = {
    pattern: authorizationParameterName.source,
    not: { enum: [...reservedAuthorizationParameters] },
  };
  return schema;
}
