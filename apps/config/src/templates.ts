import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkMapping } from '@autoprov/mapping';
import { fromCanonicalJson, Template } from '@autoprov/proto';

/**
 * Reads the app catalogue: every `{template}.json` of the folder, in canonical JSON of autoprov.config.v1.Template.
 * Throws, naming the file, when one is wrong: a service with half a catalogue must not start.
 *
 * @returns by name, in the order of names
 */
export function loadTemplates(dir: string): Map<string, Template> {
  const files = readdirSync(dir)
    .filter((file) => file.endsWith('.json'))
    .toSorted();
  return new Map(
    files.map((file) => {
      const template = readTemplate(join(dir, file), `templates/${file.slice(0, -'.json'.length)}`);
      return [template.name, template];
    }),
  );
}

function readTemplate(path: string, name: string): Template {
  try {
    const template = fromCanonicalJson('autoprov.config.v1.Template', Template, JSON.parse(readFileSync(path, 'utf8')));
    if (template.name !== name) throw new Error(`its name must be "${name}", as the file's`);
    if (template.version < 1) throw new Error('its version must be 1 or more');
    const [violation] = checkMapping(template.attributeMapping?.rows ?? []);
    if (violation) throw new Error(`attributeMapping.${violation.field}: ${violation.description}`);
    return template;
  } catch (cause) {
    throw new Error(`${path} is no template: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
