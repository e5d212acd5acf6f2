import { UsageError } from './io.ts';

/** A time as an option gives it; undefined: it is not given. */
export function readTime(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const time = new Date(text);
  if (!Number.isNaN(time.getTime())) return time;
  throw new UsageError(`"${text}" is no time: write it as 2026-11-24 or 2026-11-24T08:00:00Z`);
}
