import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { plainCompany, waitUntil } from '@autoprov/testing';
import type { Network } from '@autoprov/testing';
import { prepareJavaConsumer, preparePythonConsumer, type Consumer } from './documented-consumers.ts';
import { reportCheck } from './report-check.ts';
import { consumeAsDocumented } from './run-process.ts';
import { startCompany } from './start-company.ts';

let network: Network;

beforeAll(async () => {
  const people = plainCompany({ users: 3, groups: 1, membersPerGroup: 3 });
  network = await startCompany('consumers', { people });
  const check = { subject: 'customers/acme/apps/wiki', detail: 'the key "ä\u202e" is refused' };
  await reportCheck(network, { ...check, code: '17010' });
  await reportCheck(network, { ...check, code: '17013' });
  await reportCheck(network, { ...check, code: '17013', passed: true });
  const resolved = async () => (await consumeAsDocumented(network)).map(({ code }) => code).join() === '17010';
  await waitUntil('one failure to be open on the topic', resolved, Date.now() + 60_000);
});
afterAll(() => network?.stop());

test.each<[string, () => Promise<Consumer>]>([
  ['Java', prepareJavaConsumer],
  ['Python', preparePythonConsumer],
])(
  'the documented consumer in %s reads the same open failures as that in JavaScript',
  async (_, prepare) => {
    const consume = await prepare();
    expect(await consume(network)).toEqual(await consumeAsDocumented(network));
  },
  300_000,
);
