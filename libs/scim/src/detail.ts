/** Longest text that is matched or kept while it is being cut, in characters. */
export const textCapChars = 65_536;

const detailChars = 500;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Each with what stands in its place. Every expression is linear: no repeated group contains a repetition. */
const secrets: readonly [RegExp, string | ((found: string) => string)][] = [
  [/\b(Bearer|Basic|Digest)\s+[\w.~+/=-]{8,}/gi, '$1 [secret]'],
  [/\b(?:ya29\.|1\/\/|eyJ|xox[a-z]-|gh[opsu]_|github_pat_|glpat-|sk-|AKIA|AIza)[\w.~+/=-]{8,}/g, '[secret]'],
  [
    /(access_token|refresh_token|id_token|client_secret|api_?key|password|passwd|secret|authorization)("?\s*[=:]\s*"|=)[^\s"&]+/gi,
    '$1$2[secret]',
  ],
  [/[\w+=-]{32,}/g, (found) => (isOpaque(found) ? '[secret]' : found)],
];

const address = /(?<![^\s@<>"'(),;:[\]{}=])[^\s@<>"'(),;:[\]{}=]+(?:@|%40)[^\s@<>"'(),;:[\]{}=]+/g;

/**
 * A service provider's own words, fit to be stored and shown: white space collapsed, tokens and keys replaced by
 * [secret], e-mail addresses by [address], at most 500 characters. Masking comes before cutting, so that no half
 * of a secret survives.
 */
export function cutDetail(text: string): string {
  let words = text
    .slice(0, textCapChars)
    .replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ')
    .trim();
  for (const [expression, replacement] of secrets) {
    words =
      typeof replacement === 'string' ? words.replace(expression, replacement) : words.replace(expression, replacement);
  }
  words = words.replace(address, '[address]');
  return words.length <= detailChars ? words.toWellFormed() : `${words.slice(0, detailChars - 1).toWellFormed()}…`;
}

/** Long runs of letters and digits are keys; UUIDs are the ids an admin searches for, and words have no digits. */
function isOpaque(run: string): boolean {
  return /\d/.test(run) && /[a-z]/i.test(run) && !uuid.test(run);
}
