import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Outcome, Outcome_Result, ProvisioningSetup, SetupChange } from '@autoprov/proto';
import type { ReporterContext } from './context.ts';
import { followSetups } from './follow-setups.ts';
import { ingestBatch } from './ingest.ts';
import { createTestStore, toBatch } from './test-store.fixture.ts';

const PEOPLE = 2500;
const app = 'customers/acme/apps/crm';
let store: Awaited<ReturnType<typeof createTestStore>>;
let changes: SetupChange[] = [];

beforeAll(async () => {
  store = await createTestStore();
});
afterAll(() => store?.drop());

async function listSetupChanges({ sinceRevision }: { sinceRevision: bigint }) {
  const later = changes.filter(({ revision }) => revision > sinceRevision);
  return { changes: later, nextSinceRevision: changes.at(-1)!.revision, more: false };
}
const follow = (signal = new AbortController().signal) =>
  followSetups({ ...store.ctx, config: { listSetupChanges } } as unknown as ReporterContext, signal);

const failed = (i: number) => {
  const fields = { app, user: `customers/acme/users/${i}`, seq: 1n, occurTime: new Date(), code: '45003' };
  const message = Outcome.fromPartial({ ...fields, result: Outcome_Result.RESULT_FAILED });
  return { kind: 'outcome', message } as const;
};
const count = async (condition: string) =>
  (await store.pool.query<{ n: number }>(`select count(*)::int as n from failures where ${condition}`)).rows[0]!.n;
const unsettled = async () => (await store.pool.query(`select from setups where unsettled`)).rowCount;

/** A signal that is given after so many looks at it. */
function abortAfter(looks: number): AbortSignal {
  let left = looks;
  return {
    get aborted() {
      return left-- <= 0;
    },
  } as AbortSignal;
}

test('the failures of a deleted setup end page by page; facts come in between, and what is left ends after a break', async () => {
  for (let from = 0; from < PEOPLE; from += 500) {
    await ingestBatch(store.ctx, toBatch(Array.from({ length: 500 }, (_, i) => failed(from + i))));
  }
  changes = [SetupChange.fromPartial({ app, revision: 5n })];
  // Two looks before config is asked, and one before the only page.
  await follow(abortAfter(3));
  expect(await count(`state = 'STATE_SUPERSEDED'`)).toBe(1000);

  await ingestBatch(store.ctx, toBatch([failed(PEOPLE)]));
  expect(await count(`user_name = 'customers/acme/users/${PEOPLE}' and state_reason = 'SETUP_DELETED'`)).toBe(1);
  await follow();
  expect(await count(`state = 'STATE_SUPERSEDED' and state_reason = 'SETUP_DELETED'`)).toBe(PEOPLE + 1);
  expect(await unsettled()).toBe(0);
});

test('a change of a setup that says nothing new about its failures looks at none of them', async () => {
  const setup = ProvisioningSetup.fromPartial({ createTime: new Date(), endpointUrl: 'https://sp.test/scim' });
  changes = [SetupChange.fromPartial({ app, revision: 6n, setup })];
  await follow();
  changes = [SetupChange.fromPartial({ app, revision: 7n, setup: { ...setup, revision: 7n } })];
  // It stops before any page.
  await follow(abortAfter(2));
  expect(await unsettled()).toBe(0);
});
