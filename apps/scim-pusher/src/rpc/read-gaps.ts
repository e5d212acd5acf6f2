import type { ReadGap } from '@autoprov/proto';
import type { PusherContext } from '../context.ts';
import type { Period } from '../store/versions.ts';

const TIMEOUT_MS = 2_000;

/** When parts of the directory were not read whole; empty, too, when the reader does not answer: the rest is told without. */
export async function askReadGaps(
  { directory, logger }: PusherContext,
  customerId: string,
  { from, to }: Period,
): Promise<ReadGap[]> {
  try {
    const request = { customer: `customers/${customerId}`, startTime: from, endTime: to };
    return (await directory.listReadGaps(request, { timeoutMs: TIMEOUT_MS })).gaps;
  } catch (err) {
    logger.warn({ err }, 'directory-reader does not say when reads were incomplete: it is left out');
    return [];
  }
}
