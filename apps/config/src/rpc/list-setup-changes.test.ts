import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connect, inTransaction, roleUrl } from '@autoprov/postgres';
import type { SetupChange } from '@autoprov/proto';
import { createLogger } from '@autoprov/service';
import { installApp, plain, soon, startConfigForTests } from '../config.fixture.ts';
import type { ConfigForTests } from '../config.fixture.ts';
import { setupWith } from '../setup.fixture.ts';
import { takeRevision } from '../store/revision-counter.ts';

let config: ConfigForTests;
beforeAll(async () => {
  config = await startConfigForTests();
});
afterAll(() => config.stop());

/** One poll of a follower: everything after `since`, page by page. */
async function follow(since: bigint, pageSize = 3): Promise<{ changes: SetupChange[]; since: bigint }> {
  const changes: SetupChange[] = [];
  for (;;) {
    const page = await config.pusher.listSetupChanges({ sinceRevision: since, pageSize }, soon);
    changes.push(...page.changes);
    since = page.nextSinceRevision;
    if (!page.more) return { changes, since };
  }
}

test('a follower skips no change of 8 concurrent writers', async () => {
  const apps = await Promise.all([...Array(8).keys()].map((i) => installApp(config, `follow-${i}`, 'crm')));
  let writing = true;
  const writers = Promise.all(apps.map(write)).finally(() => (writing = false));
  const seen = new Map<string, SetupChange>();
  const revisions: bigint[] = [];
  let since = 0n;
  for (let last = false; !last;) {
    last = !writing;
    const poll = await follow(since);
    since = poll.since;
    for (const change of poll.changes) {
      revisions.push(change.revision);
      seen.set(change.app, change);
    }
  }
  await writers;
  expect(revisions).toEqual(revisions.toSorted((a, b) => Number(a - b)));
  expect(new Set(revisions).size).toBe(revisions.length);
  const whole = await follow(0n);
  expect([...seen.values()].toSorted((a, b) => Number(a.revision - b.revision))).toEqual(whole.changes);
  expect(whole.changes).toHaveLength(8);
});

/** 20 changes of one app's setup, ending with a deletion for some. */
async function write(parent: string, writer: number): Promise<void> {
  let { setup } = await config.cli.createSetup({ parent, setup: setupWith(), ...plain }, soon);
  for (let i = 0; i < 18; i++) {
    const wanted = { ...setup!, endpointUrl: `https://a${i}.example` };
    ({ setup } = await config.cli.updateSetup({ setup: wanted, updateMask: ['endpoint_url'], ...plain }, soon));
  }
  if (writer % 2 === 0) await config.cli.deleteSetup({ name: setup!.name, etag: setup!.etag, ...plain }, soon);
}

test('a change waits for the one before it to be visible', async () => {
  const pool = connect({
    url: roleUrl(config.adminUrl, 'config'),
    schema: 'config',
    applicationName: 'test',
    logger: createLogger({ service: 'test' }, { write: () => {} }),
  });
  try {
    const steps: string[] = [];
    let second: Promise<unknown> = Promise.resolve();
    await inTransaction(pool, async (first) => {
      await takeRevision(first);
      second = inTransaction(pool, takeRevision).then(() => steps.push('second has a number'));
      await untilSomebodyWaits();
      steps.push('first commits');
    });
    await second;
    expect(steps).toEqual(['first commits', 'second has a number']);
  } finally {
    await pool.end();
  }

  async function untilSomebodyWaits(): Promise<void> {
    for (;;) {
      const { rows } = await pool.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      if (rows.length > 0) return;
    }
  }
});

test('a follower that is up to date gets nothing and its own number back', async () => {
  const { since } = await follow(0n);
  const answer = await config.pusher.listSetupChanges({ sinceRevision: since, pageSize: 0 }, soon);
  expect(answer).toEqual({ changes: [], nextSinceRevision: since, more: false });
});

test('changes carry the setup, its template and the profile of that', async () => {
  const parent = await installApp(config, 'profiled', 'crm');
  const { since } = await follow(0n);
  const { setup } = await config.cli.createSetup({ parent, setup: setupWith(), ...plain }, soon);
  const { changes } = await follow(since);
  expect(changes).toMatchObject([{ app: parent, revision: setup!.revision, setup, scim: {}, appRemoved: false }]);
  const { app } = await config.cli.getApp({ name: parent }, soon);
  expect(changes).toMatchObject([{ template: app!.template }]);
});

test('many large setups come in answers that fit into a message', async () => {
  const persons = Array.from({ length: 30_000 }, (_, i) => `person-${i}@example.com`);
  const { since } = await follow(0n);
  for (let i = 0; i < 5; i++) {
    const parent = await installApp(config, `large-${i}`, 'crm');
    await config.cli.createSetup({ parent, setup: setupWith({ scope: { persons } }), ...plain }, soon);
  }
  const { changes } = await follow(since, 1_000);
  expect(changes).toHaveLength(5);
});
