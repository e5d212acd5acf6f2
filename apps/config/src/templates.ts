import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkMapping } from '@autoprov/mapping';
import { AttributeMapping, fromCanonicalJson, Template, type MessageCodec } from '@autoprov/proto';

/** The mapping of every template that has none of its own; stands beside the templates. */
const defaultMappingFile = 'default-mapping.json';

/**
 * Reads the app catalogue: every `{template}.json` of the folder, in canonical JSON of autoprov.config.v1.Template.
 * Throws, naming the file, when one is wrong: a service with half a catalogue must not start.
 *
 * @returns by name, in the order of names
 */
export function loadTemplates(dir: string): Map<string, Template> {
  const files = readdirSync(dir)
    .filter((file) => file.endsWith('.json') && file !== defaultMappingFile)
    .toSorted();
  const mapping = readJson(join(dir, defaultMappingFile), 'autoprov.config.v1.AttributeMapping', AttributeMapping);
  return new Map(
    files.map((file) => {
      const template = readTemplate(join(dir, file), `templates/${file.slice(0, -'.json'.length)}`, mapping);
      return [template.name, template];
    }),
  );
}

function readTemplate(path: string, name: string, defaultMapping: AttributeMapping): Template {
  const template = readJson(path, 'autoprov.config.v1.Template', Template);
  template.attributeMapping ??= defaultMapping;
  const refuse = (why: string) => new Error(`${path} is no template: ${why}`);
  if (template.name !== name) throw refuse(`its name must be "${name}", as the file's`);
  if (template.version < 1) throw refuse('its version must be 1 or more');
  const [violation] = checkMapping(template.attributeMapping.rows);
  if (violation) throw refuse(`attributeMapping.${violation.field}: ${violation.description}`);
  return template;
}

function readJson<T>(path: string, typeName: string, codec: MessageCodec<T>): T {
  try {
    return fromCanonicalJson(typeName, codec, JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new Error(`${path} is no ${typeName}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
