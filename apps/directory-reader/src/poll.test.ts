import { expect, test } from '@jest/globals';
import { plainPeople } from '@autoprov/testing';
import { startReaderNetwork } from './reader-network.fixture.ts';

const app = 'customers/acme/apps/crm';
const HOUR = 3_600_000;

test('the next read comes sooner after a change and later after none, and GetReadStatus says when', async () => {
  await using network = await startReaderNetwork({
    people: plainPeople({ users: 20 }),
    poll: { usualMs: HOUR, minMs: HOUR / 5, maxMs: HOUR * 2 },
  });
  const hoursToNext = async () => {
    const { nextReadTime, lastEndTime } = await network.status();
    return (nextReadTime!.getTime() - lastEndTime!.getTime()) / HOUR;
  };
  network.config.put(app, {});
  await network.readAfter(0n);
  expect(await hoursToNext()).toBe(1);
  await network.read();
  expect(await hoursToNext()).toBe(1.25);
  network.directory.run({ do: 'suspend', user: 'user000007@example.com' });
  await network.read();
  expect(await hoursToNext()).toBe(0.5);
});

test('a read that fails says nothing of how often reading pays', async () => {
  await using network = await startReaderNetwork({ people: plainPeople({ users: 20 }) });
  network.config.put(app, {});
  await network.readAfter(0n);
  const spread = async () => {
    const { nextReadTime, lastEndTime } = await network.status();
    return nextReadTime!.getTime() - lastEndTime!.getTime();
  };
  expect(await spread()).toBe(HOUR);
  network.directory.run({ do: 'failPage', status: 503, reason: 'backendError' });
  await network.read();
  expect(await spread()).toBe(60_000);
  await network.read();
  expect(await spread()).toBe(HOUR);
});
