import type { Display } from '../shared/display.ts';
import type { Proof } from '../proof.ts';
import { countReads } from './reads/count-reads.ts';
import { measurePass } from './reads/measure-pass.ts';

/** Google's directory is read once for all apps, only when it must be, and in memory that does not grow with it. */
export async function prove(display: Display): Promise<Proof> {
  const counted = await countReads(display);
  const small = await measurePass(display, 10_000);
  const large = await measurePass(display, 100_000);
  const figures = {
    ...counted.figures,
    seconds10k: small.seconds,
    seconds100k: large.seconds,
    peakMemoryMb10k: small.peakMemoryMb,
    peakMemoryMb100k: large.peakMemoryMb,
  };
  const memoryRatio = large.peakMemoryMb / small.peakMemoryMb;
  const timeRatio = large.seconds / small.seconds;
  const promises: [boolean, string][] = [
    [figures.reads === 220, `a full pass takes 220 reads, not ${figures.reads}`],
    [figures.readsNoGroups === 20, `without groups it takes 20 reads, not ${figures.readsNoGroups}`],
    [
      figures.secondPassEvents === 0,
      `a pass without a change publishes nothing, not ${figures.secondPassEvents} events`,
    ],
    [figures.secondPassWrites === 0, `it sends nothing over SCIM, not ${figures.secondPassWrites} requests`],
    [figures.secondAppReads === 0, `a second app without new groups costs no read, not ${figures.secondAppReads}`],
    [counted.newGroupReads === 5, `five new groups cost five reads, not ${counted.newGroupReads}`],
    [counted.waitingWrites === 0, `an app that waits for a read writes nothing, not ${counted.waitingWrites} times`],
    [memoryRatio <= 1.3, `ten times the users take 1.3 times the memory, not ${memoryRatio.toFixed(2)} times`],
    [timeRatio <= 10, `ten times the users take ten times as long, not ${timeRatio.toFixed(1)} times`],
  ];
  return {
    figures,
    details: [
      ['reads for five new groups', counted.newGroupReads],
      ['what that app said meanwhile', counted.waitingExplanation],
      ['requests to check two new setups, no reads', counted.checks],
      ['memory, 100,000 users / 10,000', memoryRatio.toFixed(2)],
      ['time, 100,000 users / 10,000', timeRatio.toFixed(1)],
    ],
    broken: promises.filter(([holds]) => !holds).map(([, sentence]) => sentence),
  };
}
