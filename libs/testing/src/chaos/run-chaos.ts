import { connect, type Pool } from '@autoprov/postgres';
import { runAsAdmin } from '@autoprov/postgres/testing';
import { createLogger } from '@autoprov/service';
import { plainPeople } from '../directory/plain-people.ts';
import type { ExamplePeople } from '../directory/example-people.ts';
import type { Network } from '../network/network.ts';
import { createFates, liveUnderFates, type Replica } from './fates.ts';
import { judgeApp } from './judge-app.ts';
import { activateChaosApp, createChaosCustomer, deactivateChaosApp, decideAgain, type ChaosApp } from './chaos-app.ts';
import { changePeople, whileHeld } from './change-people.ts';
import { loseAnswers } from './lose-answers.ts';

/** What is done to the pushers. */
export type ChaosOptions = {
  /** By SIGKILL, at random moments, most of them while the process serves an app. */
  kills: number;
  /** By SIGSTOP, for longer than a lease. */
  freezes: number;
  /** Processes that share the work. Default: 3. */
  replicas?: number;
  /** Told what was done so far. */
  onProgress?: (step: string, detail: string) => void;
  /** Told what is not as it must be, a sentence each. */
  onFound?: (sentence: string) => void;
};

/** What came of it. */
export type Chaos = {
  kills: number;
  freezes: number;
  /** People whose account is demanded and absent, or is not as demanded. */
  lost: number;
  /** People with more than one account. */
  duplicated: number;
  /** Accounts of ours that are linked to somebody else's. */
  wrongLinks: number;
  seconds: number;
  /** Kills and freezes that met a process while it held the lease of an app. */
  onDuty: number;
  /** Writes that were done or not, and whose answer never came or was an error. */
  lostAnswers: number;
  /** First syncs with their changes, each at a service provider of its own. */
  syncs: number;
  /** What was found, one sentence each. */
  sentences: string[];
};

const firstSyncUsers = 240;
const killsInRound = 80;
const finishingRounds = 10;
const leaseMs = 3_000;
const latencyMs = 300;

/** Whom the network's directory must hold; nobody has trouble at the service provider. */
export function chaosPeople(): ExamplePeople {
  const state = plainPeople({ users: firstSyncUsers });
  const serviceProviderSeed = { accounts: [], signedUp: [], requiredAttributes: [] };
  return { state, adminEmail: `admin@${state.domain}`, accessGroup: '', troubledPeople: [], serviceProviderSeed };
}

/** What the network's pushers must be told: leases as short as requests allow, so that a kill costs little time. */
export function chaosEnvironment({ withoutIntents = false } = {}): Record<string, string> {
  return {
    HTTP_TIMEOUT_MS: '1200',
    LEASE_MS: String(leaseMs),
    SETTLE_MS: '1000',
    RETRY_FOR_MS: '1000',
    PROBE_BASE_MS: '300',
    // Everybody may be suspended: this is not about the guard.
    GUARD_MAX_COUNT: '1000000',
    GUARD_MAX_SHARE_PERCENT: '100',
    UNSAFE_WITHOUT_INTENTS: String(withoutIntents),
  };
}

/**
 * Kills and freezes the pushers of a network during first syncs and changes, while answers are lost on the way, then
 * lets them finish and compares. Each round goes to two new service providers that we did not write: one that refuses a
 * second account of one name, and one that takes it.
 *
 * @param network started with chaosPeople and chaosEnvironment
 */
export async function runChaos(network: Network, options: ChaosOptions): Promise<Chaos> {
  const { kills, freezes, replicas: replicaCount = 3, onProgress = () => {}, onFound = () => {} } = options;
  const logger = createLogger({ service: 'chaos', level: 'warn' });
  const pool = connect({
    url: network.databaseUrl,
    schema: 'scim_pusher',
    applicationName: 'chaos',
    logger,
    max: 2,
  });
  const replicas: Replica[] = [mainPusher(network)];
  while (replicas.length < replicaCount) replicas.push(await network.addReplica('scim-pusher'));
  const sum: Chaos = {
    kills: 0,
    freezes: 0,
    lost: 0,
    duplicated: 0,
    wrongLinks: 0,
    seconds: 0,
    onDuty: 0,
    lostAnswers: 0,
    syncs: 0,
    sentences: [],
  };
  const startMs = performance.now();

  /** Lets the pushers live under so many fates. */
  async function wreak(step: string, what: { kills: number; freezes: number }, apps: ChaosApp[]): Promise<void> {
    const fates = createFates({ ...what, pool, frozenMs: () => leaseMs + Math.random() * 4_000 });
    const answers = loseAnswers(apps.map(({ serviceProvider }) => serviceProvider));
    const showing = setInterval(() => {
      const [killed, frozen] = [sum.kills + fates.done.kills, sum.freezes + fates.done.freezes];
      onProgress(step, `${killed} of ${kills} kills, ${frozen} of ${freezes} freezes, ${sum.sentences.length} found`);
    }, 500);
    try {
      await Promise.all(replicas.map((replica) => liveUnderFates(replica, fates)));
    } finally {
      clearInterval(showing);
      sum.lostAnswers += await answers.stop();
      sum.kills += fates.done.kills;
      sum.freezes += fates.done.freezes;
      sum.onDuty += fates.done.onDuty;
    }
  }

  async function playRound(number: number, share: { kills: number; freezes: number }): Promise<void> {
    onProgress(`round ${number}: two service providers`, '');
    const apps = [
      await activateChaosApp(network, `strict-${number}`, 'better-auth', latencyMs),
      await activateChaosApp(network, `forgiving-${number}`, 'scimmy', latencyMs),
    ];
    const first = { kills: Math.ceil(share.kills / 2), freezes: Math.floor(share.freezes / 2) };
    await wreak(`round ${number}: first syncs`, first, apps);
    onProgress(`round ${number}: people change`, '');
    await whileHeld(network, async () => {
      changePeople(network.directory, number);
      await network.settle({ pushed: false });
    });
    const rest = { kills: share.kills - first.kills, freezes: share.freezes - first.freezes };
    await wreak(`round ${number}: what changed`, rest, apps);
    onProgress(`round ${number}: the pushers finish`, '');
    for (const { serviceProvider } of apps) await serviceProvider.run({ do: 'clearFaults' });
    await finish(network, pool, apps);
    onProgress(`round ${number}: judged`, '');
    for (const app of apps) {
      const judged = await judgeApp(network, pool, app);
      sum.lost += judged.lost;
      sum.duplicated += judged.duplicated;
      sum.wrongLinks += judged.wrongLinks;
      sum.sentences.push(...judged.sentences);
      judged.sentences.forEach(onFound);
      sum.syncs++;
      await deactivateChaosApp(network, app);
    }
  }

  try {
    // No kill pulls the plug: only waiting for the disk is spared.
    const database = new URL(network.databaseUrl).pathname.slice(1);
    await runAsAdmin(network.databaseUrl, `alter database ${database} set synchronous_commit = off`);
    await createChaosCustomer(network);
    const rounds = Math.max(1, Math.ceil(kills / killsInRound));
    for (let i = 0; i < rounds; i++) {
      const share = (total: number): number =>
        Math.floor(((i + 1) * total) / rounds) - Math.floor((i * total) / rounds);
      await playRound(i + 1, { kills: share(kills), freezes: share(freezes) });
    }
    return { ...sum, seconds: Math.round((performance.now() - startMs) / 1000) };
  } finally {
    await pool.end();
  }
}

/** Until nobody fails any more of what passes by itself: on a busy machine requests take too long also without chaos. */
async function finish(network: Network, pool: Pool, apps: readonly ChaosApp[]): Promise<void> {
  let failing: ChaosApp[] = [...apps];
  for (let i = 0; failing.length > 0 && i < finishingRounds; i++) {
    for (const app of failing) await decideAgain(network, app);
    await network.settle({ timeoutMs: 300_000 });
    const { rows } = await pool.query<{ appId: string }>(
      `select distinct app_id as "appId" from accounts where failure_code = '45004' and app_id = any($1)`,
      [apps.map(({ appId }) => appId)],
    );
    failing = apps.filter((app) => rows.some(({ appId }) => appId === app.appId));
  }
}

function mainPusher(network: Network): Replica {
  return {
    get pid() {
      return network.pids()['scim-pusher'];
    },
    kill: (signal) => network.kill('scim-pusher', signal),
    start: () => network.restart('scim-pusher'),
  };
}
