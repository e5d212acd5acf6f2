import type { ScimProfile, TargetAttribute } from '@autoprov/proto';
import { isObject, type JsonValue } from '@autoprov/scim';
import { maxLengthOf } from './target-schema.ts';

/**
 * Why a service provider would refuse one value (not a list) at a target, with what to do; undefined when nothing is
 * known to be wrong with it.
 */
export function valueProblem(
  target: string,
  value: JsonValue,
  attribute: TargetAttribute | undefined,
  profile: ScimProfile | undefined,
): string | undefined {
  return (
    typeProblem(value, attribute) ??
    lengthProblem(value, maxLengthOf(target, attribute, profile)) ??
    characterProblem(value, profile?.forbiddenCharacters ?? '') ??
    canonicalProblem(value, attribute)
  );
}

const texts = new Set(['string', 'reference', 'binary', 'dateTime']);

function typeProblem(value: JsonValue, attribute: TargetAttribute | undefined): string | undefined {
  const type = attribute?.type ?? '';
  const fits: Record<string, () => boolean> = {
    boolean: () => typeof value === 'boolean',
    decimal: () => typeof value === 'number',
    integer: () => typeof value === 'number' && Number.isInteger(value),
    complex: () => isObject(value),
    dateTime: () => typeof value === 'string' && !Number.isNaN(Date.parse(value)) && /^\d{4}-\d\d-\d\dT/.test(value),
  };
  const fit = fits[type] ?? (() => !texts.has(type) || typeof value === 'string');
  return fit() ? undefined : `is ${nameOf(value)}, but must be ${wordOf(type)}: convert it in the mapping`;
}

function nameOf(value: JsonValue): string {
  if (isObject(value)) return 'an object';
  return { string: 'a text', number: 'a number', boolean: 'true or false' }[typeof value as string] ?? 'another type';
}

function wordOf(type: string): string {
  const words: Record<string, string> = {
    boolean: 'true or false',
    decimal: 'a number',
    integer: 'a whole number',
    complex: 'an object with sub-attributes',
    dateTime: 'a time like 2026-01-31T08:00:00Z',
  };
  return words[type] ?? 'a text';
}

function lengthProblem(value: JsonValue, maxLength: number | undefined): string | undefined {
  if (typeof value !== 'string' || maxLength === undefined) return undefined;
  const length = Array.from(value).length;
  if (length <= maxLength) return undefined;
  return `has ${length} characters, the service provider takes ${maxLength}: cut it with left(${maxLength})`;
}

function characterProblem(value: JsonValue, forbidden: string): string | undefined {
  if (typeof value !== 'string' || forbidden === '') return undefined;
  const found = Array.from(forbidden).find((character) => value.includes(character));
  if (found === undefined) return undefined;
  return `holds ${JSON.stringify(found)}, which the service provider refuses: remove it with replace()`;
}

function canonicalProblem(value: JsonValue, attribute: TargetAttribute | undefined): string | undefined {
  const known = attribute?.canonicalValues ?? [];
  if (typeof value !== 'string' || known.length === 0) return undefined;
  if (known.some((canonical) => canonical.toLowerCase() === value.toLowerCase())) return undefined;
  return `is none of the values that are known (${known.join(', ')}): map it with switch()`;
}
