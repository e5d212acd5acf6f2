import { expect, test } from '@jest/globals';
import { chaosEnvironment, chaosPeople, runChaos } from '@autoprov/testing';
import type { Chaos, ChaosOptions } from '@autoprov/testing';
import { startCompany } from './start-company.ts';

/** `npm run chaos` is the long form. */
async function wreakChaos(name: string, options: ChaosOptions, how: { withoutIntents: boolean }): Promise<Chaos> {
  const company = await startCompany(name, {
    people: chaosPeople(),
    serviceProvider: { kind: 'scimmy' },
    env: { 'scim-pusher': chaosEnvironment(how) },
  });
  try {
    return await runChaos(company, { replicas: 2, ...options });
  } finally {
    await company.stop();
  }
}

const timeoutMs = 300_000;

test(
  'pushers killed and frozen in the middle of syncs, while answers are lost, lose nobody, create nobody twice and mix up nobody',
  async () => {
    const chaos = await wreakChaos('chaos', { kills: 10, freezes: 3 }, { withoutIntents: false });
    expect(chaos.sentences).toEqual([]);
    expect(chaos).toMatchObject({ kills: 10, freezes: 3, lost: 0, duplicated: 0, wrongLinks: 0 });
    expect(chaos.onDuty).toBeGreaterThan(3);
  },
  timeoutMs,
);

test(
  'the same with intents switched off creates people twice: the kills do hit creates',
  async () => {
    const chaos = await wreakChaos('chaos-without-intents', { kills: 6, freezes: 0 }, { withoutIntents: true });
    expect(chaos.duplicated).toBeGreaterThan(0);
  },
  timeoutMs,
);
