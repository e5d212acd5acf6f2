import { hash } from 'node:crypto';
import type { KeptFailure } from './failure.ts';

/** Service providers that repeat the request in their answer do so after their own words. */
const READ_LENGTH_MAX = 1000;
const PATTERN_LENGTH_MAX = 300;

/** What differs from person to person, app to app and try to try. None of them looks back, so time grows with length only. */
const masked: RegExp[] = [
  /[^\s@<>"'(),;:=…][^\s@<>"(),;:=…]{0,63}@[^\s@<>"'(),;:…]+/gu,
  /"[^"]*"|“[^”]*”|«[^»]*»|‘[^’]*’|`[^`]*`/gu,
  // An apostrophe within a word is none: it neither opens nor ends a quotation.
  /(?<![\p{L}\p{N}])'[^']*'(?![\p{L}\p{N}])/gu,
  /\bhttps?:\/\/[^\s"'<>]+/giu,
  // An id, a number, a date: whatever is written without a space and has a digit in it.
  /[\p{L}\p{N}_.:/+-]{0,64}\p{N}[\p{L}\p{N}_.:/+-]*/gu,
  // Ids without a digit are rare, long, and of hexadecimal letters only.
  /\b[a-f]{8,}\b/giu,
];

/**
 * The other side's words with … for what differs between failures of one cause: quoted values, addresses, ids, numbers.
 * Control characters are spaces. A pattern is its own pattern.
 */
export function patternOf(detail: string): string {
  const plain = detail.slice(0, READ_LENGTH_MAX).replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, ' ');
  return maskAll(Array.from(maskAll(plain)).slice(0, PATTERN_LENGTH_MAX).join(''));
}

/** Until nothing is left: what is masked may bring together what was apart. Each round leaves fewer letters. */
function maskAll(text: string): string {
  const all = masked.reduce((rest, expression) => rest.replaceAll(expression, '…'), text);
  const joined = all.replaceAll(/…(?:[\s,]*…)+/gu, '…').trim();
  return joined === text ? text : maskAll(joined);
}

/**
 * The id of a failure's cause, 16 lower-case hexadecimal digits: the same for failures of the same origin, code, reason
 * and pattern.
 *
 * @param origin the template or host of the app; '': unknown, or it is about no app
 */
export function causeIdOf(
  origin: string,
  { code, reason, detail }: Pick<KeptFailure, 'code' | 'reason' | 'detail'>,
): string {
  const cause = [origin, code, reason, patternOf(detail)].join('\n');
  return hash('sha256', cause).slice(0, 16);
}
