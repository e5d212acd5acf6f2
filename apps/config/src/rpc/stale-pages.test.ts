import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { rpcErrorOf, status } from '@autoprov/grpc';
import { ProvisioningScope, type ProvisioningSetup } from '@autoprov/proto';
import { failureOf, installApp, plain, readEverything, soon, startConfigForTests } from '../config.fixture.ts';
import type { ConfigForTests } from '../config.fixture.ts';
import { setupWith } from '../setup.fixture.ts';

let config: ConfigForTests;
beforeAll(async () => {
  config = await startConfigForTests();
});
afterAll(() => config.stop());

type Page = { name: string; etag: string };
const create = async (parent: string) =>
  (await config.cli.createSetup({ parent, setup: setupWith(), ...plain }, soon)).setup!;
const installSomewhere = () => installApp(config, `c-${randomUUID().slice(0, 8)}`, 'crm');
const scopeOf = (group: string) => ProvisioningScope.fromPartial({ groups: [group] });

/** Every write of a setup that names an etag, with the failure when the setup that it was read from is gone. */
const writes = {
  updateSetup: [
    ({ name, etag }: Page) =>
      config.cli.updateSetup(
        { setup: setupWith({ name, etag, scope: { groups: ['late'] } }), updateMask: ['scope'], ...plain },
        soon,
      ),
    'STALE_SETUP_MISSING',
  ],
  updateAttributeMapping: [
    (page: Page) =>
      config.cli.updateAttributeMapping({ ...page, attributeMapping: undefined, mappingTests: [], ...plain }, soon),
    'STALE_SETUP_MISSING',
  ],
  updateGroupSettings: [
    (page: Page) => config.cli.updateGroupSettings({ ...page, scope: scopeOf('late'), ...plain }, soon),
    'STALE_SETUP_MISSING',
  ],
  updateDeprovisioningConfig: [
    (page: Page) => config.cli.updateDeprovisioningConfig({ ...page, deprovisioning: undefined, ...plain }, soon),
    'STALE_SETUP_MISSING',
  ],
  rollbackSetup: [
    (page: Page) => config.cli.rollbackSetup({ ...page, revision: BigInt(page.etag), ...plain }, soon),
    'STALE_SETUP_MISSING',
  ],
  deactivateSetup: [(page: Page) => config.cli.deactivateSetup({ ...page, ...plain }, soon), 'STALE_SETUP_MISSING'],
  activateSetup: [(page: Page) => config.cli.activateSetup({ ...page, ...plain }, soon), 'STALE_ACTIVATE_UNCONFIGURED'],
  deleteSetup: [(page: Page) => config.cli.deleteSetup({ ...page, ...plain }, soon), 'STALE_DELETE_UNCONFIGURED'],
} as const;
const methods = Object.entries(writes).map(([method, [write, whenGone]]) => [method, write, whenGone] as const);

test.each(methods)(
  '%s of a setup that was deleted since, or deleted and made again, is of a setup that is gone',
  async (_, write, whenGone) => {
    const parent = await installSomewhere();
    const { name, etag } = await create(parent);
    await config.cli.deleteSetup({ name, etag, ...plain }, soon);
    const gone = { code: status.FAILED_PRECONDITION, reason: whenGone };
    expect(await failureOf(write({ name, etag }))).toMatchObject(gone);
    await create(parent);
    const before = await readEverything(config);
    expect(await failureOf(write({ name, etag }))).toMatchObject(gone);
    expect(await readEverything(config)).toEqual(before);
  },
);

test.each(methods)(
  '%s of a setup that was changed since, or with the etag of another app, is a changed setup',
  async (_, write) => {
    const parent = await installSomewhere();
    const { name, etag } = await create(parent);
    const second = await config.cli.updateGroupSettings({ name, etag, scope: scopeOf('new'), ...plain }, soon);
    const other = await create(await installSomewhere());
    const before = await readEverything(config);
    const changed = {
      code: status.ABORTED,
      reason: 'STALE_SETUP_CHANGED',
      metadata: { setup: name, currentEtag: second.setup!.etag },
    };
    expect(await failureOf(write({ name, etag }))).toMatchObject(changed);
    if (_ !== 'rollbackSetup') expect(await failureOf(write({ name, etag: other.etag }))).toMatchObject(changed);
    expect(await readEverything(config)).toEqual(before);
  },
);

test('a page of a setup whose app was removed and installed again is of a setup that is gone', async () => {
  const parent = await installSomewhere();
  const { name, etag } = await create(parent);
  await config.cli.deleteApp({ name: parent, validateOnly: false }, soon);
  await installApp(config, parent.split('/')[1]!, 'crm');
  await create(parent);
  const write = config.cli.updateGroupSettings({ name, etag, scope: scopeOf('late'), ...plain }, soon);
  expect(await failureOf(write)).toMatchObject({ reason: 'STALE_SETUP_MISSING' });
});

test('of two editors who save at once, 40 times, one wins each time and nothing of the other is stored', async () => {
  let page = await create(await installSomewhere());
  const won: string[] = [];
  for (let i = 0; i < 40; i++) {
    const { name, etag } = page;
    const results = await Promise.allSettled(
      ['ada', 'bob'].map((editor) =>
        config.cli.updateGroupSettings({ name, etag, scope: scopeOf(`${editor}-${i}`), ...plain }, soon),
      ),
    );
    const lost = results.flatMap((result) => (result.status === 'rejected' ? [rpcErrorOf(result.reason)] : []));
    expect(lost).toMatchObject([{ code: status.ABORTED, reason: 'STALE_SETUP_CHANGED' }]);
    page = (await config.cli.getSetup({ name }, soon)).setup!;
    const winner = results[0]!.status === 'fulfilled' ? 'ada' : 'bob';
    expect(page.scope?.groups).toEqual([`${winner}-${i}`]);
    won.push(page.scope!.groups[0]!);
  }
  const { revisions } = await config.cli.listSetupRevisions({ parent: page.name, pageSize: 0, pageToken: '' }, soon);
  expect(revisions.map(({ setup }) => setup?.scope?.groups[0]).toReversed()).toEqual([undefined, ...won]);
});

/** What two editors do, each with the page that they read last. */
const step = fc.record({
  editor: fc.constantFrom(0, 1),
  act: fc.constantFrom('read', 'create', 'update', 'delete', 'activate'),
});

/** The setup as it should be: which life it is in (each creation starts one), and how often it was changed in it. */
type Model = { life: number; changes: number; exists: boolean };

/** What a write from a page is answered with, and what becomes of the setup. */
function expected(model: Model, page: Model, act: 'update' | 'delete' | 'activate'): string | undefined {
  const whenGone = {
    update: 'STALE_SETUP_MISSING',
    delete: 'STALE_DELETE_UNCONFIGURED',
    activate: 'STALE_ACTIVATE_UNCONFIGURED',
  };
  if (!model.exists || page.life < model.life) return whenGone[act];
  return page.changes < model.changes ? 'STALE_SETUP_CHANGED' : undefined;
}

test('in any order of what two editors do, each gets the failure of the page that they look at', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 14 }), async (steps) => {
      const parent = await installSomewhere();
      const first = await create(parent);
      let model: Model = { life: 1, changes: 0, exists: true };
      const pages: { page: Page; seen: Model }[] = [0, 1].map(() => ({ page: first, seen: model }));
      let group = 0;
      for (const { editor, act } of steps) {
        const { page, seen } = pages[editor]!;
        const reasonOf = (call: Promise<unknown>) =>
          call.then(
            () => undefined,
            (err: unknown) => rpcErrorOf(err).reason,
          );
        const see = (setup: ProvisioningSetup | undefined) => (pages[editor] = { page: setup!, seen: model });
        if (act === 'read') {
          if (model.exists) see((await config.cli.getSetup({ name: page.name }, soon)).setup);
        } else if (act === 'create') {
          const reason = await reasonOf(create(parent));
          expect(reason).toBe(model.exists ? 'STALE_SETUP_EXISTS' : undefined);
          if (!model.exists) model = { life: model.life + 1, changes: 0, exists: true };
        } else {
          const { name, etag } = page;
          const write = {
            update: () => config.cli.updateGroupSettings({ name, etag, scope: scopeOf(`g${++group}`), ...plain }, soon),
            activate: () => config.cli.activateSetup({ name, etag, ...plain }, soon),
            delete: () => config.cli.deleteSetup({ name, etag, ...plain }, soon),
          }[act];
          const wanted = expected(model, seen, act);
          const before = model.exists ? (await config.cli.getSetup({ name }, soon)).setup : undefined;
          expect([act, await reasonOf(write())]).toEqual([act, wanted]);
          const after = await config.cli.getSetup({ name }, soon).then(
            ({ setup }) => setup,
            () => undefined,
          );
          if (wanted !== undefined) expect(after).toEqual(before);
          else if (act === 'delete') model = { ...model, exists: false };
          else if (after!.revision !== before!.revision) model = { ...model, changes: model.changes + 1 };
        }
      }
    }),
    { numRuns: 40 },
  );
});
