import { plainCompany } from '@autoprov/testing';
import type { Network } from '@autoprov/testing';
import type { Display } from '../shared/display.ts';
import { withNetwork } from '../shared/run-tool.ts';
import { addRows } from './failures/add-rows.ts';
import { measureDownload } from './failures/measure-download.ts';
import { measureIngest } from './failures/measure-ingest.ts';
import { measureList } from './failures/measure-list.ts';

const ROWS = 1_000_000;
const FEW_ROWS = 10_000;

/** A page of a million failures comes at once, a download of them takes no more memory than one of few, facts go in fast. */
export async function prove(display: Display) {
  const people = plainCompany({ users: 3, groups: 1, membersPerGroup: 3 });
  const options = { dir: '.autoprov/proof', people, serviceProvider: { kind: 'scimmy' as const } };
  return withNetwork(display, options, (network) => measure(network, display));
}

async function measure(network: Network, display: Display) {
  const ingest = await measureIngest(network, display);
  display.step(`${ROWS} failures`);
  await addRows(network, 'few', FEW_ROWS);
  await addRows(network, 'many', ROWS - FEW_ROWS);
  const list = await measureList(network, display);
  const few = await measureDownload(network, display, 'customers/few');
  const many = await measureDownload(network, display, 'customers/-');
  display.done();
  const figures = {
    rows: many.rows,
    listP99Ms: list.p99Ms,
    downloadSeconds: many.seconds,
    downloadMemoryRatio: round(many.peakMemoryMb / few.peakMemoryMb),
    ingestPerSecond: ingest.perSecond,
    ingestRatio: round(ingest.perSecond / ingest.barePerSecond),
  };
  const promises: [boolean, string][] = [
    [figures.rows >= ROWS, `${ROWS} failures are downloaded, not ${figures.rows}`],
    [figures.listP99Ms < 100, `99 of 100 pages come within 100 ms, not ${figures.listP99Ms}`],
    [figures.downloadMemoryRatio <= 1.2, `a download takes 1.2 times the memory, not ${figures.downloadMemoryRatio}`],
    [figures.ingestPerSecond >= 10_000, `10000 facts go in a second, not ${figures.ingestPerSecond}`],
    [figures.ingestRatio >= 0.7, `that is 0.7 of a bare consumer, not ${figures.ingestRatio}`],
  ];
  const details: [string, string | number][] = [
    ['a bare consumer, facts a second', ingest.barePerSecond],
    [`memory of a download of ${few.rows}, MB`, few.peakMemoryMb],
    [`memory of a download of ${many.rows}, MB`, many.peakMemoryMb],
    [`seconds of a download of ${few.rows}`, few.seconds],
    ['time of a row, many / few', round(many.seconds / many.rows / (few.seconds / few.rows))],
    ['pages asked for', list.pages],
    ['slowest question', list.slowest],
  ];
  return { figures, details, broken: promises.filter(([holds]) => !holds).map(([, sentence]) => sentence) };
}

function round(ratio: number): number {
  return Number(ratio.toFixed(2));
}
