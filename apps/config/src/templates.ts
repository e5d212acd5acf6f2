import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AttributeMapping, fromCanonicalJson, Template, type MessageCodec } from '@autoprov/proto';
import { checkTemplate } from './domain/check-template.ts';

/** The mapping of every template that has none of its own; stands beside the templates. */
const defaultMappingFile = 'default-mapping.json';
/** What editors check templates with; stands beside them, too. */
const schemaFile = 'template.schema.json';

/**
 * Reads the app catalogue: every `{template}.json` of the folder, in canonical JSON of autoprov.config.v1.Template.
 * Throws, naming the file, when one is wrong: a service with half a catalogue must not start.
 *
 * @returns by name, in the order of names
 */
export function loadTemplates(dir: string): Map<string, Template> {
  const files = readdirSync(dir).filter(
    (file) => file.endsWith('.json') && file !== defaultMappingFile && file !== schemaFile,
  );
  const mapping = readJson(join(dir, defaultMappingFile), 'autoprov.config.v1.AttributeMapping', AttributeMapping);
  const templates = files.map((file) =>
    readTemplate(join(dir, file), `templates/${file.slice(0, -'.json'.length)}`, mapping),
  );
  return new Map(templates.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((template) => [template.name, template]));
}

function readTemplate(path: string, name: string, defaultMapping: AttributeMapping): Template {
  const template = readJson(path, 'autoprov.config.v1.Template', Template);
  template.attributeMapping ??= defaultMapping;
  const refuse = (why: string) => new Error(`${path} is no template: ${why}`);
  if (template.name !== name) throw refuse(`its name must be "${name}", as the file's`);
  const violations = checkTemplate(template);
  if (violations.length === 0) return template;
  throw refuse(violations.map(({ field, description }) => `${field} ${description}`).join('; '));
}

function readJson<T>(path: string, typeName: string, codec: MessageCodec<T>): T {
  try {
    // Where a file says which schema an editor should check it with.
    const { $schema: _, ...json } = JSON.parse(readFileSync(path, 'utf8'));
    return fromCanonicalJson(typeName, codec, json);
  } catch (cause) {
    throw new Error(`${path} is no ${typeName}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
