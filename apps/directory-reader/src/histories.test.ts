import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DirectoryUser_State } from '@autoprov/proto';
import { directoryScopes, findGroup, plainPeople } from '@autoprov/testing';
import { createChronicle, membershipOf, membersOf, presenceOf } from './chronicle.fixture.ts';
import { createCopy, type Loss } from './copy.fixture.ts';
import { startEngine } from './engine.fixture.ts';
import { carryOut, groupsOfInterest, history, type Change, type Round } from './histories.fixture.ts';

/** So many histories, some at a time; HISTORIES=500 and more for a long look, SEED to see some again. */
const HISTORIES = Number(process.env['HISTORIES'] ?? 60);
const CONCURRENT = 4;
const SEED = Number(process.env['SEED'] ?? Date.now() & 0x7fffffff);
/** What lies between a moment of ours and the same one of the database. */
const CLOCKS_DIFFER_MS = 20;
const DAY_HOURS = 24;

let engine: Awaited<ReturnType<typeof startEngine>>;
beforeAll(async () => void (engine = await startEngine()));
afterAll(() => engine.stop());

test(
  'whatever goes wrong while people come and go: nobody is told gone who is there, and in the end all is told',
  async () => {
    const property = fc.asyncProperty(history, async (rounds) => {
      await using world = await startWorld();
      for (const round of rounds) await world.play(round);
      await world.settle();
    });
    const some = { numRuns: Math.ceil(HISTORIES / CONCURRENT), endOnFailure: true };
    const runs = Array.from({ length: CONCURRENT }, (_, i) => fc.assert(property, { ...some, seed: SEED + i }));
    await Promise.all(runs);
  },
  60_000 + HISTORIES * 4_000,
);

/** A customer's directory and mirror, a consumer's copy, and what was so when. */
async function startWorld() {
  let requests = 0;
  let onRequest: (n: number) => void | Promise<void> = () => {};
  const customer = await engine.addCustomer({
    people: plainPeople({ users: 24, groups: 5, membersPerGroup: 7 }),
    groups: groupsOfInterest,
    onAnswer: () => onRequest(++requests),
  });
  const { directory } = customer;
  const { state } = directory;
  directory.run({ do: 'setPageSize', most: 5 });
  for (const nested of [groupsOfInterest[1]!, 'group005@example.com']) {
    directory.run({ do: 'addMember', group: groupsOfInterest[0]!, nested });
  }
  const chronicle = createChronicle(state, groupsOfInterest);
  const copy = createCopy();
  const dumps: Awaited<ReturnType<typeof customer.dump>>[] = [];
  let beganMs = 0;
  let forgotten = false;

  function isHarm({ id, group, observeTime }: Loss): boolean {
    const fact = group === undefined ? presenceOf(id) : membershipOf(id, group);
    const askedMs = observeTime ? observeTime.getTime() - performance.timeOrigin - CLOCKS_DIFFER_MS : beganMs;
    return !chronicle.wasEverGone(fact, askedMs, performance.now());
  }
  /** One read, to its end or broken off; it may be the rest of the one before. */
  async function read(breakOffAt?: number): Promise<void> {
    const isRest = (await customer.status()).startTime !== null;
    if (!isRest || forgotten) beganMs = performance.now();
    const death = new AbortController();
    if (breakOffAt !== undefined)
      onRequest = chain(onRequest, (n) => n === breakOffAt && death.abort(new Error('dies')));
    requests = 0;
    await customer.read(death.signal).catch((err: unknown) => {
      if (!death.signal.aborted) throw err;
    });
    await takeEvents();
    if (copy.differs() && !death.signal.aborted) {
      await customer.resend();
      await takeEvents();
    }
  }
  async function takeEvents(): Promise<void> {
    const harm = (await customer.takeEvents()).flatMap((event) => copy.take(event)).filter(isHarm);
    expect(harm).toEqual([]);
  }
  function change(what: Change): string | undefined {
    const id = carryOut(directory, what);
    chronicle.note();
    return id;
  }

  await read();
  dumps.push(await customer.dump());
  return {
    async play({
      changes,
      meanwhile,
      openFaults,
      silentFaults = [],
      breakOffAt,
      forget = false,
      restore,
    }: Round): Promise<void> {
      for (const what of changes) change(what);
      if (restore !== undefined) await customer.restore(dumps.at(-Math.min(restore, dumps.length))!, DAY_HOURS);
      for (const fault of [...openFaults, ...silentFaults]) directory.run(fault);
      onRequest = async (n) => {
        for (const { change: what, hurry = false } of meanwhile.filter(({ atRequest }) => atRequest === n)) {
          const id = change(what);
          if (hurry && id !== undefined) await customer.hurry(id);
        }
      };
      await read(breakOffAt);
      forgotten = forget;
      if (forget) await customer.forget();
      onRequest = () => {};
      directory.run({ do: 'clearFaults' });
      directory.run({ do: 'grantScopes', scopes: directoryScopes });
      dumps.push(await customer.dump());
    },
    /** Reads until nothing is left of what went wrong, and compares everything with the directory. */
    async settle(): Promise<void> {
      // The first may be the rest of one that broke off, before the last changes.
      for (let i = 0; i < 2; i++) await read();
      const { incompleteParts } = await customer.status();
      expect(incompleteParts.filter(({ code }) => code !== '50005')).toEqual([]);
      const standing = groupsOfInterest.filter((group) => findGroup(state, group));
      const expected = [...state.users.values()].map((user) => ({
        id: user.id,
        state: stateOf(user),
        ...(!user.deletionTime && {
          primaryEmail: user.primaryEmail,
          name: user.name,
          groups: standing.filter((group) => membersOf(state, group).has(user.id)),
        }),
      }));
      expect(copy.differs()).toBe(false);
      const told = (id: string) => copy.users.get(id);
      const known = new Map((await customer.mirror()).map((user) => [user.id, user]));
      for (const { id, state: stands, ...rest } of expected) {
        // Who came and went between two reads was never told of.
        if (stands === 'deleted' && !told(id) && !known.has(id)) continue;
        expect({ id, stands: stateNames[told(id)?.state ?? 0] }).toEqual({ id, stands });
        // A restored mirror need not know of somebody who was told to be deleted.
        if (stands === 'deleted' && !known.has(id)) continue;
        expect({ id, stands: known.get(id)?.state }).toEqual({ id, stands });
        if (stands === 'deleted') continue;
        const inStanding = (groups: string[]) => groups.filter((group) => standing.includes(group));
        const { primaryEmail, attributes, groups } = told(id)!;
        expect({ id, primaryEmail, name: attributes?.['name'], groups: inStanding(groups) }).toEqual({ id, ...rest });
        const mirrored = known.get(id)!;
        expect({
          id,
          primaryEmail: mirrored.primaryEmail,
          name: mirrored.attributes['name'],
          groups: inStanding(mirrored.groups),
        }).toEqual({ id, ...rest });
      }
      expect([...copy.users.keys(), ...known.keys()].filter((id) => !state.users.has(id))).toEqual([]);
    },
    [Symbol.asyncDispose]: () => customer.stop(),
  };
}

const stateNames: Record<DirectoryUser_State, string> = {
  [DirectoryUser_State.STATE_UNSPECIFIED]: '',
  [DirectoryUser_State.STATE_ACTIVE]: 'active',
  [DirectoryUser_State.STATE_SUSPENDED]: 'suspended',
  [DirectoryUser_State.STATE_ARCHIVED]: 'archived',
  [DirectoryUser_State.STATE_DELETED]: 'deleted',
  [DirectoryUser_State.UNRECOGNIZED]: '',
};

function stateOf({
  deletionTime,
  archived,
  suspended,
}: {
  deletionTime?: string;
  archived: boolean;
  suspended: boolean;
}) {
  if (deletionTime) return 'deleted';
  if (archived) return 'archived';
  return suspended ? 'suspended' : 'active';
}

function chain(first: (n: number) => void | Promise<void>, then: (n: number) => unknown): (n: number) => Promise<void> {
  return async (n) => {
    await first(n);
    then(n);
  };
}
