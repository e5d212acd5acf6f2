import {
  createPresentHash,
  DirectoryEvent,
  DirectoryUser,
  DirectoryUser_State,
  MappingRow,
  ProvisioningSetup,
  ProvisioningSetup_State,
  ScimProfile,
} from '@autoprov/proto';
import { connect, inTransaction, migrate, type Pool } from '@autoprov/postgres';
import { createTestDatabase } from '@autoprov/postgres/testing';
import { createLogger } from '@autoprov/service';
import type { ServiceProvider } from '@autoprov/testing';
import type { PusherContext } from '../context.ts';
import { ingestBatch } from '../ingest.ts';
import { saveSetupChanges } from '../store/setups.ts';
import { createOutboundAgent } from '@autoprov/outbound';
import { pushApp } from './push-app.ts';

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const attributes: Record<string, string> = {
  externalId: 'id',
  userName: 'primaryEmail',
  'emails[type eq "work"].value': 'primaryEmail',
  'name.givenName': 'name.givenName',
  'name.familyName': 'name.familyName',
  title: 'organizations[primary].title',
  [`${enterprise}:manager.value`]: 'relations[type=manager].value',
};

/** A person of the tests' directory. */
export type TestPerson = {
  id: string;
  email?: string;
  title?: string;
  manager?: string;
  aliases?: string[];
  groups?: string[];
  state?: DirectoryUser_State;
  /** In the one group that reads cover. */
  isStaff?: boolean;
  /** When the directory was asked. */
  observedAt?: Date;
};

/** The group of `isStaff`. */
export const staffGroup = 'staff@example.com';

/** One app with its database and its service provider; time can be moved. */
export type TestApp = {
  ctx: PusherContext;
  pool: Pool;
  /** For a worker in another process. */
  databaseUrl: string;
  /** Stores the setup as config would announce it, with what the template says of the service provider; of `crm`, or another app. */
  configure(changes?: Partial<ProvisioningSetup>, profile?: Partial<ScimProfile>, appId?: string): Promise<void>;
  /** Takes the people as one completed read would announce them, which covers the group of `isStaff`, or others. */
  read(people: TestPerson[], groups?: string[]): Promise<void>;
  /** One pass of a worker. */
  push(): Promise<void>;
  /** Outcomes and checks in the order they were written. */
  facts(): Promise<{ type: string; body: Record<string, unknown> }[]>;
  moveClock(byMs: number): void;
  /** The token broker answers so from now on; undefined: it hands out the service provider's token again. */
  failAuthorization(err: Error | undefined): void;
  stop(): Promise<void>;
};

/** For tests without lost answers: no request runs out of time because the machine is busy. */
export const patient = { httpTimeoutMs: 20_000, leaseMs: 60_000 };

/** What a worker of the tests has around it, but for its connections: other services that answer as they should. */
export function createTestSurroundings(
  sp: Pick<ServiceProvider, 'token'>,
  settings: Partial<PusherContext['settings']> = {},
): Omit<PusherContext, 'pool' | 'spAgent' | 'spAllowedHosts' | 'logger'> {
  return {
    config: { getSetup: async () => ({}) } as never,
    directory: { resendUsers: async () => ({ userCount: 0n }) } as never,
    // The broker is another service: here it hands out the token that the service provider takes.
    tokenBroker: {
      getAppAuthorization: async () => ({
        headerValue: `Bearer ${sp.token}`,
        expireTime: new Date(Date.now() + 60_000),
      }),
    } as never,
    refusedHeaders: new Map(),
    confirmAgainAtMs: new Map(),
    brokerSilent: undefined,
    origin: { installationId: 'test', service: 'scim-pusher' },
    now: () => new Date(),
    wakeOutbox: () => {},
    wakeWorkers: () => {},
    settings: {
      owner: 'test',
      httpTimeoutMs: 2_000,
      retryForMs: 300,
      leaseMs: 20_000,
      settleMs: 0,
      probeBaseMs: 60_000,
      listMaxAccounts: 1_000_000,
      intents: true,
      historyKeptMs: 400 * 86_400_000,
      guard: { maxCount: 500, maxSharePercent: 10, windowMs: 86_400_000 },
      ...settings,
    },
  };
}

/** The same with connections, on a database that is there; `ca`: whom the service provider's certificate is of. */
export function createTestContext(
  databaseUrl: string,
  sp: Pick<ServiceProvider, 'token'>,
  settings: Partial<PusherContext['settings']> = {},
  ca?: string,
): PusherContext {
  const logger = createLogger({ service: 'scim-pusher-test', level: 'warn' });
  const spAllowedHosts = ['127.0.0.1', 'localhost'];
  return {
    ...createTestSurroundings(sp, settings),
    pool: connect({ url: databaseUrl, schema: 'scim_pusher', applicationName: 'test', logger }),
    spAgent: createOutboundAgent({
      allowedHosts: spAllowedHosts,
      timeoutMs: settings.httpTimeoutMs ?? 2_000,
      ...(ca !== undefined && { ca }),
    }),
    spAllowedHosts,
    logger,
  };
}

/** Starts an app on a database of its own, against a service provider; `ca`: whom its certificate is of. */
export async function startTestApp(
  sp: ServiceProvider,
  settings: Partial<PusherContext['settings']> = {},
  ca?: string,
): Promise<TestApp> {
  const database = await createTestDatabase();
  const migrationsDir = new URL('../../migrations', import.meta.url).pathname;
  await migrate({ adminUrl: database.url, service: 'scim-pusher', migrationsDir });
  const ctx = createTestContext(database.url, sp, settings, ca);
  const { pool, tokenBroker } = ctx;
  let offsetMs = 0;
  let brokerError: Error | undefined;
  let revision = 0n;
  let seq = 0n;
  ctx.now = () => new Date(Date.now() + offsetMs);
  ctx.tokenBroker = {
    ...tokenBroker,
    async getAppAuthorization(request, how) {
      if (brokerError) throw brokerError;
      return tokenBroker.getAppAuthorization(request, how);
    },
  };
  return {
    ctx,
    pool,
    databaseUrl: database.url,
    async configure(changes = {}, profile = {}, appId = 'crm') {
      const setup: ProvisioningSetup = {
        ...ProvisioningSetup.fromPartial({}),
        state: ProvisioningSetup_State.STATE_ACTIVE,
        endpointUrl: sp.baseUrl,
        attributeMapping: { rows: mappingRows() },
        revision: ++revision,
        ...changes,
      };
      const limits = { maxRequestsPerSecond: 2_000, maxConcurrentRequests: 8 };
      const scim = { ...ScimProfile.fromPartial({}), ...limits, ...profile };
      const change = { app: `customers/acme/apps/${appId}`, revision, setup, scim, appRemoved: false };
      await inTransaction(pool, (tx) => saveSetupChanges(tx, [change], revision, new Date()));
    },
    async read(people, groups = [staffGroup]) {
      const events = people.map((person) => userEvent(person, ++seq));
      const end = await completedRead(pool, people, events, ++seq, groups);
      const records = [...events, end].map((event, i) => ({
        key: '',
        value: Buffer.from(DirectoryEvent.encode(event).finish()),
        headers: {},
        offset: String(i),
        timestampMs: 0,
      }));
      await ingestBatch(ctx, { topic: 'autoprov.users.v1', partition: 0, records });
    },
    push: () => pushApp(ctx, { customerId: 'acme', appId: 'crm' }, new AbortController().signal),
    async facts() {
      const { rows } = await pool.query<{ type: string; value: Buffer }>(
        `select headers->>'ce_type' as type, value from outbox order by id`,
      );
      return rows.map(({ type, value }) => ({ type, body: JSON.parse(value.toString()) as Record<string, unknown> }));
    },
    moveClock: (byMs) => (offsetMs += byMs),
    failAuthorization: (err) => (brokerError = err),
    async stop() {
      await ctx.spAgent.close();
      await pool.end();
      await database.drop();
    },
  };
}

/** The mapping of the tests. */
export function mappingRows(required: readonly string[] = []): MappingRow[] {
  return Object.entries(attributes).map(([target, value]) => ({
    ...MappingRow.fromPartial({ target, required: required.includes(target) }),
    source: { $case: 'attribute', value },
  }));
}

function userEvent(
  { id, email, title, manager, aliases, groups, state, isStaff, observedAt }: TestPerson,
  seq: bigint,
): DirectoryEvent {
  const primaryEmail = email ?? `p${id}@example.com`;
  const user: DirectoryUser = {
    ...DirectoryUser.fromPartial({}),
    name: `customers/acme/users/${id}`,
    primaryEmail,
    state: state ?? DirectoryUser_State.STATE_ACTIVE,
    observeTime: observedAt,
    groups: groups ?? (isStaff ? [staffGroup] : []),
    attributes: {
      id,
      primaryEmail,
      name: { givenName: 'P', familyName: id },
      ...(aliases && { aliases }),
      ...(title && { organizations: [{ title }] }),
      ...(manager && { relations: [{ type: 'manager', value: manager }] }),
    },
  };
  return { customer: 'customers/acme', seq, event: { $case: 'user', value: user } };
}

/** What the reader would say at the end: of all it ever announced, not of this read alone. */
async function completedRead(
  pool: Pool,
  people: TestPerson[],
  events: DirectoryEvent[],
  seq: bigint,
  groups: string[],
): Promise<DirectoryEvent> {
  const { rows } = await pool.query<{ userId: string; seq: bigint }>(
    `select user_id as "userId", seq from users where not deleted`,
  );
  const present = new Map(rows.map((row) => [row.userId, row.seq]));
  people.forEach(({ id, state }, i) =>
    state === DirectoryUser_State.STATE_DELETED ? present.delete(id) : present.set(id, events[i]!.seq),
  );
  const hash = createPresentHash();
  for (const [id, userSeq] of [...present].sort(([a], [b]) => (a < b ? -1 : 1))) hash.add(id, userSeq);
  const value = {
    readNo: seq,
    groups,
    schemas: [],
    presentCount: BigInt(present.size),
    presentHash: hash.digest(),
    completeTime: new Date(),
  };
  return { customer: 'customers/acme', seq, event: { $case: 'readCompleted', value } };
}
