import { GoogleError } from './google-error.ts';

/** A parsed `fields` parameter: for each field kept, what is kept below it; an empty map keeps all. */
export type FieldMask = Map<string, FieldMask>;

/**
 * Parses a partial-response mask (developers.google.com, "Performance tips"): `a,b(c,d/e)`, `*` for any field.
 * Throws Google's 400 for a mask that is not one.
 */
export function parseFieldMask(text: string): FieldMask {
  const tokens = text.match(/[(),/]|[^(),/\s]+/g) ?? [];
  let position = 0;

  function invalid(): GoogleError {
    return new GoogleError(400, 'invalidParameter', `Invalid field selection ${text}`);
  }
  function parseField(into: FieldMask): void {
    const name = tokens[position++];
    if (!name || /^[(),/]$/.test(name)) throw invalid();
    const below: FieldMask = into.get(name) ?? new Map();
    into.set(name, below);
    if (tokens[position] === '/') {
      position++;
      parseField(below);
    } else if (tokens[position] === '(') {
      position++;
      parseList(below);
      if (tokens[position++] !== ')') throw invalid();
    }
  }
  function parseList(into: FieldMask): void {
    parseField(into);
    while (tokens[position] === ',') {
      position++;
      parseField(into);
    }
  }

  const mask: FieldMask = new Map();
  parseList(mask);
  if (position !== tokens.length) throw invalid();
  return mask;
}

/** What a mask leaves of a value; lists are masked element by element. */
export function applyFieldMask(value: unknown, mask: FieldMask): unknown {
  if (mask.size === 0 || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((element) => applyFieldMask(element, mask));
  const kept = Object.entries(value).flatMap(([key, below]): [string, unknown][] => {
    const maskBelow = mask.get(key) ?? mask.get('*');
    return maskBelow ? [[key, applyFieldMask(below, maskBelow)]] : [];
  });
  return Object.fromEntries(kept);
}
