import { setTimeout as delay } from 'node:timers/promises';
import type { FrontFault } from '../service-providers/front-faults.ts';
import type { ServiceProviderProcess } from '../network/service-provider-process.ts';

const everyMs = 400;
const faults: FrontFault[] = [
  { effect: 'resetAfter', method: 'POST' },
  { effect: 'failAfter', method: 'POST' },
  { effect: 'holdAfter', method: 'POST', holdMs: 3_000 },
  { effect: 'resetAfter' },
  { effect: 'failAfter' },
  { effect: 'failBefore' },
  { effect: 'rateLimit' },
];

/** Loses answers of service providers at random until it is stopped; `stop` answers how many. */
export function loseAnswers(serviceProviders: readonly ServiceProviderProcess[]): { stop(): Promise<number> } {
  let isStopped = false;
  let lost = 0;

  async function spoil(serviceProvider: ServiceProviderProcess): Promise<void> {
    let before = -1;
    while (!isStopped) {
      const { reads, writes } = await serviceProvider.counts();
      // While nobody asks, faults would pile up and meet all that is asked then.
      if (reads + writes > before + 1) {
        before = reads + writes;
        await serviceProvider.run({ do: 'fault', ...faults[Math.floor(Math.random() * faults.length)]! });
        lost++;
      }
      await delay(everyMs);
    }
  }
  const spoiling = Promise.all(serviceProviders.map(spoil));
  return {
    async stop() {
      isStopped = true;
      await spoiling;
      return lost;
    },
  };
}
