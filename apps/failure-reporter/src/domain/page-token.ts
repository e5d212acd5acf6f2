import { createHash } from 'node:crypto';

/** Where a page ended: after the failure with this open time and name. */
export type PagePosition = { openTime: Date; name: string };

/** A token for the page after `position` of the same question. */
export function toPageToken(question: unknown, { openTime, name }: PagePosition): string {
  return Buffer.from(JSON.stringify([digest(question), openTime.getTime(), name])).toString('base64url');
}

/** Reads a token; undefined: it is none of ours, or of another question. */
export function readPageToken(question: unknown, token: string): PagePosition | undefined {
  try {
    const [asked, openTimeMs, name] = JSON.parse(Buffer.from(token, 'base64url').toString()) as unknown[];
    const openTime = new Date(Number(openTimeMs));
    if (asked !== digest(question) || Number.isNaN(openTime.getTime()) || typeof name !== 'string') return undefined;
    return { openTime, name };
  } catch {
    return undefined;
  }
}

function digest(question: unknown): string {
  return createHash('sha256').update(JSON.stringify(question)).digest('base64url').slice(0, 12);
}
