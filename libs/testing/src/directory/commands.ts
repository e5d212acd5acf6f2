import { addGroup, addMember, changePrimaryAddress, deleteGroup, deleteUser } from './changes.ts';
import { hire, removeMember, rename, setCustomerId, undeleteUser, update } from './changes.ts';
import type { NewUser } from './changes.ts';
import { notify } from './channels.ts';
import type { UserEvent } from './channels.ts';
import { zeroCounts } from './directory.ts';
import type { Directory } from './directory.ts';
import type { Fault, FaultTarget } from './faults.ts';
import { makeRateLimit, mostWithin } from './rate-limit.ts';
import { findUser } from './state.ts';
import type { DirectoryState, GoogleUser } from './state.ts';

/** Turns a change of the people into a command. */
function changing<Args, Result>(change: (state: DirectoryState, args: Args) => Result) {
  return (directory: Directory, args: Args): Result => {
    directory.version++;
    return change(directory.state, args);
  };
}

/** Turns a change of one user into a command; the channels that watch for it are told. */
function telling<Args>(event: UserEvent, change: (state: DirectoryState, args: Args) => GoogleUser) {
  return (directory: Directory, args: Args): GoogleUser => {
    const user = changing(change)(directory, args);
    notify(directory.channels, event, user);
    return user;
  };
}

type OneUser = { user: string };

function fault<Effect extends Fault['effect']>(effect: Effect) {
  type Options = FaultTarget & Omit<Extract<Fault, { effect: Effect }>, keyof FaultTarget | 'effect'>;
  return ({ faults }: Directory, options: Options): void => {
    faults.push({ ...options, effect } as Fault);
  };
}

const commands = {
  hire: telling<NewUser>('add', hire),
  rename: telling('update', rename),
  update: telling('update', update),
  changePrimaryAddress: telling('update', changePrimaryAddress),
  suspend: telling('update', (state, { user }: OneUser) => update(state, { user, set: { suspended: true } })),
  unsuspend: telling('update', (state, { user }: OneUser) => update(state, { user, set: { suspended: false } })),
  archive: telling('update', (state, { user }: OneUser) => update(state, { user, set: { archived: true } })),
  unarchive: telling('update', (state, { user }: OneUser) => update(state, { user, set: { archived: false } })),
  delete: telling('delete', deleteUser),
  undelete: telling('undelete', undeleteUser),
  addMember: changing(addMember),
  removeMember: changing(removeMember),
  addGroup: changing(addGroup),
  deleteGroup: changing(deleteGroup),
  setCustomerId: changing(setCustomerId),

  /** From now on each notification comes so many times (0: it is lost), and so late. */
  setNotifications: (
    { channels }: Directory,
    { copies = 1, delayMs = 0 }: { copies?: number; delayMs?: number },
  ): void => {
    Object.assign(channels, { copies, delayMs });
  },
  /** Notifies of an event that did not happen: what is told must not be believed. */
  notify: ({ channels, state }: Directory, { user: key, event }: OneUser & { event: UserEvent }): void => {
    notify(channels, event, findUser(state, key) ?? { id: key, primaryEmail: '' });
  },
  /** The channels that are open, with their tokens. */
  channels: ({ channels }: Directory) => [...channels.open.values()].map((channel) => ({ ...channel })),
  /** The notifications that were answered, or never will be. */
  deliveries: ({ channels }: Directory) => channels.deliveries.map((delivery) => ({ ...delivery })),

  /** Grants scopes to the service account, as an admin does in the console. */
  grantScopes: ({ grantedScopes }: Directory, { scopes }: { scopes: string[] }): void => {
    for (const scope of scopes) grantedScopes.add(scope);
  },
  /** Takes scopes away; tokens given out die at once. */
  revokeScopes: (directory: Directory, { scopes }: { scopes: string[] }): void => {
    for (const scope of scopes) directory.grantedScopes.delete(scope);
    directory.tokens.clear();
  },

  failPage: fault('fail'),
  dropUsersKey: fault('dropItemsKey'),
  repeatPageToken: fault('repeatPageToken'),
  truncatePage: fault('truncate'),
  endListEarly: fault('endListEarly'),
  emptyPage: fault('emptyPage'),
  /** So many on a page at most, whatever is asked for. */
  setPageSize: (directory: Directory, { most }: { most: number }): void => {
    directory.pageSizeMax = most;
  },
  setLatency: (directory: Directory, { latencyMs }: { latencyMs: number }): void => {
    directory.latencyMs = latencyMs;
  },
  /** Refuses what comes above so many requests a second, and counts. */
  limitRate: (directory: Directory, { perSecond }: { perSecond: number }): void => {
    directory.rateLimit = makeRateLimit(perSecond);
  },
  /** What has come since `limitRate`: in all, refused, and the most within any stretch of so many seconds. */
  arrivals: ({ rateLimit = makeRateLimit(0) }: Directory, { withinSeconds }: { withinSeconds: number }) => ({
    total: rateLimit.arrivedAtMs.length,
    refused: rateLimit.refused,
    most: mostWithin(rateLimit, withinSeconds),
  }),
  /** The token endpoint's clock is so far ahead of everybody else's. */
  setTokenClock: (directory: Directory, { offsetMs }: { offsetMs: number }): void => {
    directory.tokenClockOffsetMs = offsetMs;
  },
  /** From now on users.list shows the users, or one of them, as they are now, whatever happens, until `catchUp`. */
  lagBehind: (directory: Directory, { user: key }: { user?: string }): void => {
    const user = key === undefined ? undefined : findUser(directory.state, key);
    if (user) directory.laggingUser.set(user.id, structuredClone(user));
    else directory.laggingUsers = structuredClone([...directory.state.users.values()]);
    directory.version++;
  },
  catchUp: (directory: Directory): void => catchUp(directory),
  /** Ends every fault, the latency, the quota, the wrong clock, the lag, and what is wrong with notifications. */
  clearFaults: (directory: Directory): void => {
    directory.faults.length = 0;
    directory.latencyMs = 0;
    delete directory.rateLimit;
    directory.tokenClockOffsetMs = 0;
    catchUp(directory);
    Object.assign(directory.channels, { copies: 1, delayMs: 0 });
  },

  counts: ({ counts }: Directory) => ({ ...counts }),
  resetCounts: (directory: Directory): void => {
    directory.counts = zeroCounts();
  },
};

function catchUp(directory: Directory): void {
  delete directory.laggingUsers;
  directory.laggingUser.clear();
  directory.version++;
}

type Commands = typeof commands;
type CommandName = keyof Commands;
type Arguments<Run> = Run extends (directory: Directory, args: infer Args) => unknown
  ? unknown extends Args
    ? object
    : Args
  : never;

/** Anything that can be done to a running example directory, in process or as the JSON body of POST /_control. */
export type DirectoryCommand = { [Name in CommandName]: { do: Name } & Arguments<Commands[Name]> }[CommandName];

/** What a command answers. */
export type DirectoryResult<Command extends DirectoryCommand> = ReturnType<Commands[Command['do']]>;

/** Does it. Throws when the command names somebody or something that does not exist. */
export function runCommand<Command extends DirectoryCommand>(
  directory: Directory,
  command: Command,
): DirectoryResult<Command> {
  const { do: name, ...args } = command;
  if (!Object.hasOwn(commands, name)) {
    throw new Error(`no command ${String(name)}: it is one of ${Object.keys(commands).join(', ')}`);
  }
  const run = commands[name] as unknown as (directory: Directory, args: object) => DirectoryResult<Command>;
  return run(directory, args);
}
