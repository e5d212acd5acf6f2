import { Hold_What } from '@autoprov/proto';
import type { Network } from '../network/network.ts';
import { waitUntil } from '../network/settle.ts';
import { chaosCustomer } from './chaos-app.ts';

const call = { timeoutMs: 30_000 };
/** So many of each kind. */
const count = 20;

/** People come, go and change; no address is used twice. */
export function changePeople({ state, run }: Pick<Network['directory'], 'state' | 'run'>, round: number): void {
  const [admin, ...present] = [...state.users.values()].filter(({ deletionTime }) => !deletionTime);
  const next = present.filter((user) => user !== admin && !user.suspended).values();
  const take = (): string => next.next().value!.id;
  for (let i = 0; i < 3 * count; i++) {
    const primaryEmail = `hire${round}.${i}@${state.domain}`;
    run({ do: 'hire', primaryEmail, givenName: 'Hired', familyName: `In${round}` });
  }
  for (const user of present.filter(({ suspended }) => suspended)) run({ do: 'unsuspend', user: user.id });
  for (let i = 0; i < count; i++) {
    run({ do: 'rename', user: take(), familyName: `Renamed${round}` });
    run({ do: 'changePrimaryAddress', user: take(), to: `moved${round}.${i}@${state.domain}` });
    run({ do: 'suspend', user: take() });
    for (let gone = 0; gone < 3; gone++) run({ do: 'delete', user: take() });
  }
}

/** Does something while nothing is written to service providers. */
export async function whileHeld({ clients: { push } }: Network, act: () => Promise<void>): Promise<void> {
  const hold = { parent: chaosCustomer, what: Hold_What.WHAT_WRITES };
  // Its callers need a moment to find a pusher that was killed.
  const until = (what: string, ask: () => Promise<unknown>): Promise<void> =>
    waitUntil(what, async () => Boolean(await ask()), Date.now() + 60_000);
  await until('the hold', () => push.placeHold({ ...hold, reason: 'people change' }, call));
  await act();
  await until('the end of the hold', () => push.releaseHold(hold, call));
}
