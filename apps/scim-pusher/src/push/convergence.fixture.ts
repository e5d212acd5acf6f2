import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { createOutboundAgent } from '@autoprov/outbound';
import { connect, inTransaction, migrate } from '@autoprov/postgres';
import { createTestDatabase, runAsAdmin } from '@autoprov/postgres/testing';
import {
  AttributeMapping,
  createPresentHash,
  DirectoryEvent,
  DirectoryUser_State,
  fromCanonicalJson,
  ProvisioningSetup,
  ProvisioningSetup_State,
  ScimProfile,
  type DeprovisioningPolicy,
  type DirectoryUser,
} from '@autoprov/proto';
import { createLogger } from '@autoprov/service';
import { findGroup, listAccounts, type DirectoryState, type GoogleUser, type ServiceProvider } from '@autoprov/testing';
import type { PusherContext } from '../context.ts';
import { ingestBatch } from '../ingest.ts';
import { listAppsWithWork } from '../store/apps.ts';
import { saveSetupChanges } from '../store/setups.ts';
import { pushApp } from './push-app.ts';
import { createTestSurroundings } from './test-app.fixture.ts';

/** The group that a setup may name. */
export const accessGroup = 'group001@example.com';

const defaultMapping = fromCanonicalJson(
  'autoprov.config.v1.AttributeMapping',
  AttributeMapping,
  JSON.parse(readFileSync(new URL('../../../config/templates/default-mapping.json', import.meta.url), 'utf8')),
);
const appId = 'crm';
/** Longer than any index lags, as the settings demand. */
const settleMs = 10_000;
const leaseMs = 90_000;
/** So long a request of a troubled pass may take, and of one that is to go through. */
const impatientMs = 400;
const patientMs = 20_000;

/** The database of the pusher, shared by many apps of many customers. */
export async function startPushEngine() {
  const database = await createTestDatabase();
  const migrationsDir = new URL('../../migrations', import.meta.url).pathname;
  await migrate({ adminUrl: database.url, service: 'scim-pusher', migrationsDir });
  // No test pulls the plug: only waiting for the disk is spared.
  const name = new URL(database.url).pathname.slice(1);
  await runAsAdmin(database.url, `alter database ${name} set synchronous_commit = off`);
  const logger = createLogger({ service: 'test', level: process.env['LOG_LEVEL'] ?? 'fatal' });
  const pool = connect({ url: database.url, schema: 'scim_pusher', applicationName: 'test', logger, max: 20 });
  const spAllowedHosts = ['127.0.0.1', 'localhost'];
  const spAgent = createOutboundAgent({ allowedHosts: spAllowedHosts, timeoutMs: patientMs });
  let customers = 0;
  return {
    /** A customer with one app at this service provider. */
    addApp: (options: AppOptions) =>
      addApp({ ...options, customerId: `c${customers++}`, pool, spAgent, spAllowedHosts, logger }),
    async stop() {
      await spAgent.close();
      await pool.end();
      await database.drop();
    },
  };
}

type AppOptions = {
  serviceProvider: ServiceProvider;
  directory: DirectoryState;
  /** How far lists and filters of the service provider are behind. */
  lagMs?: number;
  /** What a template says of the service provider. */
  profile?: Partial<ScimProfile>;
};
type Engine = Pick<PusherContext, 'pool' | 'spAgent' | 'spAllowedHosts' | 'logger'> & { customerId: string };

/** What may end a pass early, at the request with that number. */
export type Interruption = {
  /** As by kill -9, or a freeze for longer than the lease: nothing is stored any more, answers on their way are lost. */
  dieAt?: number;
  /** As by SIGTERM: what is under way is finished. */
  stopAt?: number;
  /** So much time goes by at that request. */
  stall?: { atRequest: number; byMs: number };
};

function addApp({ customerId, serviceProvider, directory, lagMs = 0, profile = {}, ...engine }: AppOptions & Engine) {
  const { pool } = engine;
  let offsetMs = 0;
  let revision = 0n;
  let seq = 0n;
  let onRequest: (n: number) => void = () => {};
  let requests = 0;
  let unlagged = 0;
  const announced = new Map<string, { json: string; seq: bigint; deleted: boolean }>();
  const settings = {
    httpTimeoutMs: impatientMs,
    retryForMs: 0,
    leaseMs,
    settleMs,
    // Everybody may lose everything: this is not about the guard, whose share is of active accounts, and who holds the deletes
    // of others above it.
    guard: { maxCount: 1_000_000, maxSharePercent: 1_000_000, windowMs: 1 },
  };
  const ctx: PusherContext = {
    ...engine,
    ...createTestSurroundings(serviceProvider, settings),
    spAgent: engine.spAgent.compose((dispatch) => (options, handler) => {
      onRequest(++requests);
      return dispatch(options, handler);
    }) as unknown as PusherContext['spAgent'],
    now: () => new Date(Date.now() + offsetMs),
  };

  /** The index of the service provider lags in real time: it catches up while so much time is said to go by. */
  async function moveClock(byMs: number): Promise<void> {
    offsetMs += byMs;
    unlagged += Math.min(1, byMs / settleMs) * lagMs;
    if (unlagged < 5) return;
    await delay(Math.min(unlagged, lagMs * 1.2) + 5);
    unlagged = 0;
  }
  async function push({ dieAt, stopAt, stall }: Interruption = {}): Promise<void> {
    const stopping = new AbortController();
    let died: Promise<unknown> | undefined;
    requests = 0;
    // config answers: a silent one would keep removals back.
    await pool.query('update setup_feed set answered_at = clock_timestamp()');
    onRequest = (n) => {
      // An index that lags would catch up meanwhile, which takes real time.
      if (n === stall?.atRequest && lagMs === 0) offsetMs += stall.byMs;
      if (n === stopAt) stopping.abort();
      if (n === dieAt) died = takeLease(pool, `app/${customerId}/${appId}`);
    };
    await pushApp(ctx, { customerId, appId }, stopping.signal);
    onRequest = () => {};
    await died;
    // Nobody else has the app before the lease ends, of which at least two thirds were left.
    if (died) await moveClock((leaseMs * 2) / 3);
  }
  return {
    moveClock,
    push,
    /** As a worker does that looks for work. */
    async pushIfDue(): Promise<void> {
      const due = await listAppsWithWork(pool, ctx.now());
      if (due.some((key) => key.customerId === customerId)) await push();
    },
    /** Stores the setup as config would announce it: everybody is decided again. */
    async configure({ groups, deprovisioning }: Configuration): Promise<void> {
      const setup: ProvisioningSetup = {
        ...ProvisioningSetup.fromPartial({ scope: { groups }, deprovisioning: deprovisioning ?? {} }),
        state: ProvisioningSetup_State.STATE_ACTIVE,
        endpointUrl: serviceProvider.baseUrl,
        attributeMapping: defaultMapping,
        revision: ++revision,
      };
      const scim = ScimProfile.fromPartial({ maxRequestsPerSecond: 2_000, maxConcurrentRequests: 4, ...profile });
      const change = { app: `customers/${customerId}/apps/${appId}`, revision, setup, scim, appRemoved: false };
      await inTransaction(pool, (tx) => saveSetupChanges(tx, [change], revision, ctx.now()));
    },
    /** Takes in what a whole read of the directory would announce now. */
    async read(): Promise<void> {
      const events = [...directory.users.values()].flatMap((user): DirectoryEvent[] => {
        const value = toDirectoryUser(customerId, directory, user);
        const json = JSON.stringify(value);
        const before = announced.get(user.id);
        const deleted = user.deletionTime !== undefined;
        // Who came and went between two reads was never seen.
        if (before?.json === json || (deleted && !before)) return [];
        announced.set(user.id, { json, seq: ++seq, deleted });
        return [{ customer: `customers/${customerId}`, seq, event: { $case: 'user', value } }];
      });
      const end = readCompleted(customerId, announced, ++seq);
      const records = [...events, end].map((event, i) => ({
        key: '',
        value: Buffer.from(DirectoryEvent.encode(event).finish()),
        headers: {},
        offset: String(i),
        timestampMs: 0,
      }));
      await ingestBatch(ctx, { topic: 'autoprov.users.v1', partition: 0, records });
    },
    /** From now on requests are waited for, and tried again. */
    bePatient(): void {
      Object.assign(ctx.settings, { httpTimeoutMs: patientMs, retryForMs: 5_000 });
    },
    /** Whether somebody's push has failed, or is still to be tried. */
    async unsettled(): Promise<string[]> {
      const { rows } = await pool.query<{ what: string }>(
        `select user_id || ' ' || coalesce(failure_code || ' ' || failure_reason || ' ' || failure_detail, 'intent') as what
         from accounts
         where customer_id = $1 and app_id = $2 and (failure_code is not null or intent_at is not null)`,
        [customerId, appId],
      );
      return rows.map(({ what }) => what);
    },
    /** Our links to accounts that are not the person's, a sentence each. */
    async wrongLinks(): Promise<string[]> {
      const accounts = await listAccounts(serviceProvider);
      const ownerOf = new Map(accounts.map(({ id, externalId }) => [id, externalId]));
      const { rows } = await pool.query<{ userId: string; scimId: string }>(
        `select user_id as "userId", scim_id as "scimId" from accounts
         where customer_id = $1 and app_id = $2 and state in ('active', 'suspended')`,
        [customerId, appId],
      );
      return rows
        .filter(({ userId, scimId }) => ownerOf.get(scimId) !== userId)
        .map(({ userId, scimId }) => `${userId} is linked to the account ${scimId} of ${ownerOf.get(scimId)}`);
    },
  };
}

/** What a setup of these tests says. */
export type Configuration = { groups: string[]; deprovisioning?: Partial<DeprovisioningPolicy> };

/** As another worker takes it that saw it expire. */
function takeLease(pool: PusherContext['pool'], name: string): Promise<unknown> {
  return pool.query(`update leases set fence = fence + 1, until = 'epoch' where name = $1`, [name]);
}

const notRead = ['isAdmin', 'deletionTime'];

/** What the reader makes of a user. */
function toDirectoryUser(customerId: string, state: DirectoryState, user: GoogleUser): DirectoryUser {
  const { suspended, archived, deletionTime, orgUnitPath, primaryEmail } = user;
  const live = archived
    ? DirectoryUser_State.STATE_ARCHIVED
    : suspended
      ? DirectoryUser_State.STATE_SUSPENDED
      : DirectoryUser_State.STATE_ACTIVE;
  return {
    name: `customers/${customerId}/users/${user.id}`,
    primaryEmail,
    state: deletionTime ? DirectoryUser_State.STATE_DELETED : live,
    orgUnitPath,
    attributes: Object.fromEntries(Object.entries(user).filter(([key]) => !notRead.includes(key))),
    groups: findGroup(state, accessGroup)?.members.some(({ id }) => id === user.id) ? [accessGroup] : [],
    observeTime: undefined,
  };
}

function readCompleted(
  customerId: string,
  announced: ReadonlyMap<string, { seq: bigint; deleted: boolean }>,
  seq: bigint,
): DirectoryEvent {
  const present = [...announced].filter(([, { deleted }]) => !deleted);
  const hash = createPresentHash();
  for (const [id, { seq: userSeq }] of present.toSorted(([a], [b]) => (a < b ? -1 : 1))) hash.add(id, userSeq);
  const value = {
    readNo: seq,
    groups: [accessGroup],
    schemas: [],
    presentCount: BigInt(present.length),
    presentHash: hash.digest(),
    completeTime: new Date(),
  };
  return { customer: `customers/${customerId}`, seq, event: { $case: 'readCompleted', value } };
}
