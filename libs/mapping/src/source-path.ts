import { isObject, isUnassigned, type JsonObject, type JsonValue } from '@autoprov/scim';

/** One step of a path into Google's users resource: a key, and for a list which of its elements. */
type Step = { key: string; pick?: 'primary' | { attribute: string; value: string } };

export type SourcePath = { text: string; steps: Step[] };

const stepForm = /^([A-Za-z_][\w-]*)(?:\[(?:(primary)|([A-Za-z]\w*)=([\w -]+))\])?$/;

/**
 * Parses a path into Google's users resource: keys joined by dots, and on a list either `[primary]` or
 * `[type=work]`, for example `organizations[primary].title`.
 *
 * @returns undefined when the text is no such path
 */
export function parseSourcePath(text: string): SourcePath | undefined {
  const steps: Step[] = [];
  for (const part of text.split('.')) {
    const match = stepForm.exec(part);
    if (!match) return undefined;
    const [, key, primary, attribute, value] = match;
    if (primary) steps.push({ key: key!, pick: 'primary' });
    else if (attribute) steps.push({ key: key!, pick: { attribute, value: value! } });
    else steps.push({ key: key! });
  }
  return { text, steps };
}

/** The value at a path; undefined when there is none. A list without a pick answers whole. */
export function readSource(user: JsonObject, path: SourcePath): JsonValue | undefined {
  let value: JsonValue | undefined = user;
  for (const step of path.steps) {
    if (!isObject(value)) return undefined;
    value = Object.hasOwn(value, step.key) ? value[step.key] : undefined;
    if (step.pick) value = pickElement(value, step.pick);
  }
  return isUnassigned(value) ? undefined : value;
}

function pickElement(list: JsonValue | undefined, pick: NonNullable<Step['pick']>): JsonValue | undefined {
  if (!Array.isArray(list)) return undefined;
  const elements = list.filter(isObject);
  if (pick !== 'primary') return elements.find((element) => element[pick.attribute] === pick.value);
  return primaryOf(elements, (element, key) => element[key]);
}

/** Primary means: marked so, else of type work, else the first; Google marks it on some lists only. */
export function primaryOf<T>(elements: readonly T[], read: (element: T, key: string) => unknown): T | undefined {
  const marked = elements.find((element) => read(element, 'primary') === true);
  return marked ?? elements.find((element) => read(element, 'type') === 'work') ?? elements[0];
}
