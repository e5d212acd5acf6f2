import { type CelValue } from '@bufbuild/cel';
import { charge } from './budget.ts';
import { limits } from './limits.ts';
import { findMatch, type Pattern } from './pattern.ts';

/** Letters that Unicode does not take apart into a letter and a mark. */
const plainLetters = new Map(
  'ß ss ẞ SS æ ae Æ AE œ oe Œ OE ø o Ø O ł l Ł L đ d Đ D ð d Ð D þ th Þ Th ħ h Ħ H ı i'
    .split(/ (?=\P{ASCII})/u)
    .map((pair) => pair.split(' ') as [string, string]),
);

/** The text; throws when it is longer than a text may be. */
export function sized(text: string): string {
  if (text.length > limits.textChars) throw tooLong();
  return text;
}

export function tooLong(): Error {
  return new Error(`makes a text of more than ${limits.textChars} characters: cut it with left() first`);
}

export function tooMany(): Error {
  return new Error(`makes a list of more than ${limits.listItems} items: filter it first`);
}

/** The text in letters without accents and the like: `Łukasz Müller` becomes `Lukasz Muller`. */
export function removeDiacritics(text: string): string {
  charge(4 * text.length);
  const plain = text.normalize('NFD').replace(/\p{M}/gu, '');
  return sized(plain.replace(/[ßẞæÆœŒøØłŁđĐðÐþÞħĦı]/gu, (letter) => plainLetters.get(letter)!));
}

/** The first characters, or all when there are fewer. */
export function left(text: string, count: bigint): string {
  return substring(text, 0n, count);
}

/** The characters from one place up to another, both counted from 0; places beyond the text mean its ends. */
export function substring(text: string, start: bigint, end = BigInt(text.length)): string {
  const [from, to] = [clamp(start, text.length), clamp(end, text.length)];
  // Most text has no characters outside the basic plane; where it has, none is cut in two.
  if (!/[\uD800-\uDFFF]/.test(text)) return text.slice(from, Math.max(from, to));
  charge(4 * text.length);
  return Array.from(text).slice(from, to).join('');
}

function clamp(place: bigint, length: number): number {
  return place < 0n ? 0 : place > BigInt(length) ? length : Number(place);
}

/** Every occurrence replaced. */
export function replace(text: string, from: string, to: string): string {
  if (from === '') throw new Error('replace needs a text to look for: its first argument is empty');
  charge(text.length);
  const parts = text.split(from);
  const length = text.length + (parts.length - 1) * (to.length - from.length);
  if (length > limits.textChars) throw tooLong();
  charge(length);
  return parts.join(to);
}

/** The parts between separators. */
export function split(text: string, separator: string): string[] {
  if (separator === '') throw new Error('split needs a separator: its argument is empty');
  const parts = text.split(separator, limits.listItems + 1);
  if (parts.length > limits.listItems) throw tooMany();
  return parts;
}

/** The items, which must be texts, with the separator between them. */
export function join(items: readonly CelValue[], separator: string): string {
  const texts = items.filter((item) => typeof item === 'string');
  if (texts.length < items.length) throw new Error('join needs a list of texts: make each one with string()');
  let length = 0;
  for (const text of texts) {
    length += text.length + separator.length;
    if (length > limits.textChars + separator.length) throw tooLong();
  }
  charge(length);
  return texts.join(separator);
}

/** Every match replaced; `$1` to `$9` stand for the groups, `$0` for the match, `$$` for a dollar. */
export function regexReplace(pattern: Pattern, text: string, to: string): string {
  let result = '';
  let at = 0;
  while (at <= text.length) {
    const groups = findMatch(pattern, text, at);
    if (!groups) break;
    const [start, end] = [groups[0]!, groups[1]!];
    result = sized(result + text.slice(at, start) + filled(to, groups, text));
    charge(end - at);
    // After an empty match one character is kept, or it would match there for ever.
    const step = end > start ? 0 : (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
    result += text.slice(end, end + step);
    at = end + step;
  }
  return sized(result + text.slice(at));
}

function filled(to: string, groups: readonly number[], text: string): string {
  charge(to.length);
  return sized(
    to.replace(/\$(\$|\d)/g, (_, name: string) => {
      if (name === '$') return '$';
      const [start, end] = [groups[2 * Number(name)] ?? -1, groups[2 * Number(name) + 1] ?? -1];
      // Charged as it grows: many references to a long group would be far too long before their length is seen.
      charge(Math.max(0, end - start));
      return start < 0 || end < 0 ? '' : text.slice(start, end);
    }),
  );
}
