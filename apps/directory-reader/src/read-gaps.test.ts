import { afterEach, expect, test } from '@jest/globals';
import type { ReadGap } from '@autoprov/proto';
import { plainPeople, type DirectoryCommand } from '@autoprov/testing';
import { startReaderNetwork } from './reader-network.fixture.ts';

const group = 'group001@example.com';
const broken = { status: 503, reason: 'backendError', times: 9 };
const started: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of started.splice(0)) await one[Symbol.asyncDispose]();
});

async function start() {
  const network = await startReaderNetwork({ people: plainPeople({ users: 20, groups: 1, membersPerGroup: 5 }) });
  started.push(network);
  network.config.put('customers/acme/apps/crm', { groups: [group] });
  await network.read();
  const list = async (period: { startTime?: Date; endTime?: Date } = {}) => {
    const request = { customer: 'customers/acme', startTime: undefined, endTime: undefined, ...period };
    return (await network.client().listReadGaps(request, { timeoutMs: 5_000 })).gaps;
  };
  return { ...network, list };
}

const endOf = async ({ status }: Awaited<ReturnType<typeof start>>) => (await status()).lastEndTime!;

test.each<[part: string, code: string, fault: DirectoryCommand]>([
  ['users', '50001', { do: 'failPage', page: 1, ...broken }],
  [`groups/${group}`, '50003', { do: 'failPage', kind: 'membersList', ...broken }],
])(
  'a gap of %s (%s) lasts from the first read without it to the first that has it, and says what was known',
  async (part, code, fault) => {
    const network = await start();
    expect(await network.list()).toEqual([]);
    const knownTime = await endOf(network);
    network.directory.run(fault);
    await network.read();
    const startTime = await endOf(network);
    await network.read();
    const open: Partial<ReadGap> = { part, knownTime, startTime, code, endTime: undefined };
    expect(await network.list()).toMatchObject([open]);
    network.directory.run({ do: 'clearFaults' });
    await network.read();
    const endTime = await endOf(network);
    expect(await network.list()).toMatchObject([{ ...open, endTime }]);
    // Only of the time that is asked for.
    expect(await network.list({ startTime: endTime })).toEqual([]);
    expect(await network.list({ endTime: knownTime })).toEqual([]);
  },
);
