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

/** What some refusals of one service provider mean, from its template. All that is given must be so. */
export interface TemplatePattern {
  status?: number;
  scimType?: string;
  /**
   * What the answer says; `*` stands for any words of one sentence. It is no regular expression, so that no template can be
   * slow: matching takes time linear in the answer's length.
   */
  words?: string;
  reason: FailureReason;
  /** Where it differs from that of the reason. */
  retryable?: boolean;
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

/** The first pattern of a template that an answer fits; one that asks for nothing fits none. */
export function findTemplatePattern(
  patterns: readonly TemplatePattern[],
  { status, scimType = '', words }: { status: number; scimType?: string | undefined; words: string },
): TemplatePattern | undefined {
  return patterns.find(
    (pattern) =>
      (pattern.status ?? pattern.scimType ?? pattern.words) !== undefined &&
      (pattern.status ?? status) === status &&
      (pattern.scimType ?? scimType).toLowerCase() === scimType.toLowerCase() &&
      (pattern.words === undefined || says(words, pattern.words)),
  );
}

/** Whether a sentence has the parts between the asterisks, in this order. If they fit anywhere, they fit each at its first place. */
function says(words: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => wordsOf(part).trim());
  return words.split(/[.\n]/).some((sentence) => {
    let from = 0;
    return parts.every((part) => {
      const at = sentence.indexOf(part, from);
      from = at + part.length;
      return at >= 0;
    });
  });
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
