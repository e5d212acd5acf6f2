import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DirectoryUser_State } from '@autoprov/proto';
import { callScim, listAccounts, startScimmy, type FrontCommand, type ServiceProvider } from '@autoprov/testing';
import { patient, staffGroup, startTestApp, type TestApp, type TestPerson } from './test-app.fixture.ts';
import { stopAfterEach } from './stop-after-each.fixture.ts';

const started = stopAfterEach();

const dayMs = 86_400_000;
const people = ['1', '2', '3', '4', '5', '6'];
const boardGroup = 'board@example.com';
const groups = [staffGroup, boardGroup];
type State = { groups: Set<string>; suspended: boolean };

/** What happens: in the directory, in the setup, on the way to the service provider. */
const anyStep = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('toggle' as const),
      userId: fc.constantFrom(...people),
      group: fc.constantFrom(...groups),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('suspend' as const), userId: fc.constantFrom(...people) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rename' as const), name: fc.constantFrom('Staff', 'Crew') }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('fault' as const),
      effect: fc.constantFrom('resetAfter' as const, 'failAfter' as const, 'failBefore' as const),
      method: fc.constantFrom('POST', 'PATCH', 'GET'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const) }) },
);

type Group = { displayName: string; members?: { value: string }[] };

async function readGroups(sp: ServiceProvider): Promise<Record<string, string[]>> {
  const { body } = await callScim(sp, 'GET', '/Groups?startIndex=1&count=100');
  const ids = new Map((await listAccounts(sp)).map(({ id, externalId, userName }) => [id, externalId ?? userName]));
  const found = (body as { Resources?: Group[] }).Resources ?? [];
  return Object.fromEntries(
    found.map(({ displayName, members = [] }, i) => [
      // Two of one name would show.
      found.findIndex((one) => one.displayName === displayName) === i ? displayName : `${displayName} again`,
      members.map(({ value }) => ids.get(value) ?? value).sort(),
    ]),
  );
}

async function setUp(): Promise<{ sp: ServiceProvider; app: TestApp }> {
  const sp = await startScimmy({ uniqueness: true });
  started.push(sp);
  const limits = { maxCount: 500, maxSharePercent: 100, windowMs: dayMs };
  const app = await startTestApp(sp, { ...patient, retryForMs: 0, guard: limits });
  started.push(app);
  const user = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'outsider@example.com' };
  const { body } = await callScim(sp, 'POST', '/Users', user);
  const schemas = ['urn:ietf:params:scim:schemas:core:2.0:Group'];
  const members = [{ value: (body as { id: string }).id }];
  await callScim(sp, 'POST', '/Groups', { schemas, displayName: 'Board', members });
  return { sp, app };
}

test('whatever is lost on the way, in the end each group has whom it should, once, and whom others put there', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 8, maxLength: 25 }), async (steps) => {
      const { sp, app } = await setUp();
      const states = new Map<string, State>(people.map((id) => [id, { groups: new Set(), suspended: false }]));
      const personOf = (id: string): TestPerson => {
        const { groups: of, suspended } = states.get(id)!;
        return { id, groups: [...of].sort(), ...(suspended && { state: DirectoryUser_State.STATE_SUSPENDED }) };
      };
      let staffName = 'Staff';
      const configure = () =>
        app.configure({
          pushedGroups: [
            { group: staffGroup, displayName: staffName },
            { group: boardGroup, displayName: 'Board' },
          ],
        });
      await configure();
      await app.read(people.map(personOf), groups);
      await app.push();
      for (const step of steps) {
        if (step.do === 'fault') sp.run({ ...step } as FrontCommand);
        if (step.do === 'wait') app.moveClock(dayMs);
        if (step.do === 'rename') {
          staffName = step.name;
          await configure();
        }
        if (step.do === 'toggle') {
          const { groups: of } = states.get(step.userId)!;
          if (!of.delete(step.group)) of.add(step.group);
        }
        if (step.do === 'suspend') states.get(step.userId)!.suspended = !states.get(step.userId)!.suspended;
        if (step.do === 'toggle' || step.do === 'suspend') await app.read([personOf(step.userId)], groups);
        await app.push();
      }
      sp.run({ do: 'clearFaults' });
      for (const id of people) states.get(id)!.suspended = false;
      await app.read(people.map(personOf), groups);
      for (let i = 0; i < 3; i++) {
        app.moveClock(dayMs);
        await app.push();
      }
      const inGroup = (group: string) => people.filter((id) => states.get(id)!.groups.has(group));
      expect(await readGroups(sp)).toEqual({
        [staffName]: inGroup(staffGroup),
        Board: [...inGroup(boardGroup), 'outsider@example.com'],
      });
      sp.run({ do: 'resetCounts' });
      await configure();
      await app.push();
      expect(sp.counts().writes).toBe(0);
      for (const one of started.splice(0).reverse()) await one.stop();
    }),
    { numRuns: Number(process.env['GROUP_HISTORIES'] ?? 8) },
  );
}, 600_000);
