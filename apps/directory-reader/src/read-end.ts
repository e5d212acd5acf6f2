import type { Problem } from './domain/directory-error.ts';
import type { GroupsResult } from './read-groups.ts';

/** After trouble that passes by itself; after other trouble somebody must act first. */
const RETRY_AFTER_MS = 60_000;
/** While the token broker is silent Google is not asked at all: trying again costs nothing. */
const RETRY_BROKER_AFTER_MS = 5_000;
const PASSING_REASONS = new Set([
  'DIRECTORY_UNAVAILABLE',
  'UNUSABLE_ANSWER',
  'TOKEN_BROKER_UNAVAILABLE',
  'TOKEN_ENDPOINT_UNAVAILABLE',
]);

/** When to read everything again because of trouble that passes by itself; undefined: there was none. */
export function retryTimeOf(problems: Problem[], endTime: Date): Date | undefined {
  if (!problems.some(({ reason }) => PASSING_REASONS.has(reason))) return undefined;
  const brokerSilent = problems.some(({ reason }) => reason === 'TOKEN_BROKER_UNAVAILABLE');
  return new Date(endTime.getTime() + (brokerSilent ? RETRY_BROKER_AFTER_MS : RETRY_AFTER_MS));
}

/** The groups that Google does not know any more. */
export function missingAmong({ problems }: GroupsResult): string[] {
  return [...problems].filter(([, { code }]) => code === '50005').map(([name]) => name);
}
