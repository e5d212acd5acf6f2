import type { FailureReason } from './reasons.ts';

/** Things that service providers say, and what they mean. In a list of patterns the first that matches wins. */
export interface BodyPattern {
  reason: FailureReason;
  /** Any of these, matched against the answer's words: see wordsOf. Linear: gaps are bounded, nothing is nested. */
  says: readonly RegExp[];
  /** Words that make it mean something else. */
  unless?: readonly RegExp[];
  /** Only for requests whose path matches. */
  path?: RegExp;
  note: string;
}

/** A service provider's own phrase, from its template. It is plain text, so that no template can be slow. */
export interface TemplatePattern {
  phrase: string;
  reason: FailureReason;
  note?: string;
}

/**
 * The words to match in: lower case, one kind of apostrophe, one spelling of licence, no contractions, underscores and
 * camelCase as spaces, so that LICENSE_LIMIT_EXCEEDED, licenseLimitExceeded and "Licence limit exceeded" read the same.
 */
export function wordsOf(text: string): string {
  return (
    text
      .replace(/([a-z\d])([A-Z])/g, '$1 $2')
      .replace(/[_\u00A0 \t]+/g, ' ')
      // A dot inside an address or a path does not end a sentence, and patterns do not reach past a sentence.
      .replace(/\.(?=\S)/g, '·')
      .replace(/[\u2018\u2019`]/g, "'")
      .toLowerCase()
      .replaceAll('licence', 'license')
      .replaceAll("can't", 'can not')
      .replaceAll('cannot', 'can not')
      .replaceAll("n't", ' not')
  );
}

/** The first pattern whose words the answer says. */
export function findPattern(patterns: readonly BodyPattern[], words: string, path: string): BodyPattern | undefined {
  if (words === '') return undefined;
  return patterns.find(
    (pattern) =>
      (pattern.path === undefined || pattern.path.test(path)) &&
      pattern.says.some((regex) => regex.test(words)) &&
      !pattern.unless?.some((regex) => regex.test(words)),
  );
}
