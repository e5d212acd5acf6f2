import { ExportFailuresRequest_Format } from '@autoprov/proto';
import { waitUntil } from '@autoprov/testing';
import type { Network } from '@autoprov/testing';
import { peakMemoryMbOf } from '../../../libs/testing/src/network/peak-memory.ts';
import type { Display } from '../../shared/display.ts';

const CALL = { timeoutMs: 600_000 };

/** What a download as CSV took. */
export type Download = { rows: number; seconds: number; peakMemoryMb: number };

/** Downloads what is open from a reporter that has done nothing else. */
export async function measureDownload(network: Network, display: Display, parent: string): Promise<Download> {
  await network.restart('failure-reporter');
  display.step(`download of ${parent}`);
  const page = { parent, filter: undefined, pageSize: 1, pageToken: '' };
  // Our client connects anew.
  const answers = () => network.clients.failures.listFailures(page, { timeoutMs: 10_000 }).then(() => true);
  await waitUntil('the failure reporter to answer', answers, Date.now() + 60_000);
  const startMs = performance.now();
  const request = { parent, filter: undefined, format: ExportFailuresRequest_Format.FORMAT_CSV };
  let rows = -1;
  for await (const { chunk } of network.clients.failures.exportFailures(request, CALL)) rows += countRows(chunk);
  const seconds = Number(((performance.now() - startMs) / 1000).toFixed(2));
  return { rows, seconds, peakMemoryMb: peakMemoryMbOf(network.pids()['failure-reporter']!) };
}

/** Of rows whose cells hold no line break. */
function countRows(chunk: Buffer): number {
  let count = 0;
  for (let at = chunk.indexOf('\r\n'); at !== -1; at = chunk.indexOf('\r\n', at + 2)) count++;
  return count;
}
