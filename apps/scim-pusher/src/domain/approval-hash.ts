import { createHash } from 'node:crypto';

/** What an approval's hash covers of one held action; a row never changes, so that its number stands for all of it. */
export type Covered = { heldNo: bigint; userId: string; danger: string; digest: string; setupRevision: bigint };

/**
 * The hash that approves some held actions: a number, up to which rows and ends of rows had been seen, and a digest over
 * the rows that were held then.
 */
export function approvalHashOf(upToNo: bigint, covered: readonly Covered[]): string {
  const hash = createHash('sha256');
  for (const { heldNo, userId, danger, digest, setupRevision } of covered) {
    hash.update(`${JSON.stringify([String(heldNo), userId, danger, digest, String(setupRevision)])}\n`);
  }
  return `${upToNo}-${hash.digest('base64url')}`;
}

/** The number in an approval's hash; undefined: it is none. */
export function numberOf(approvalHash: string): bigint | undefined {
  const [, digits] = /^(\d{1,18})-[\w-]{43}$/.exec(approvalHash) ?? [];
  return digits === undefined ? undefined : BigInt(digits);
}
