import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, openSync, readFileSync, closeSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { fetchApiVersions } from '@autoprov/kafka';
import { freePort, isPortFree } from './free-port.ts';
import { fetchKafkaJars, findJava } from './kafka-jars.ts';
import { MissingPrerequisiteError } from './missing-prerequisite-error.ts';
import { killLeftover, stopChild } from './stop-child.ts';

/** A running local broker. `kill` is SIGKILL; the same `dir` can be started again afterwards. */
export type LocalKafka = { brokers: string; pid: number; stop(): Promise<void>; kill(): void };

/**
 * Starts a single-node Apache Kafka (KRaft) on loopback, with its data, log and settings in `dir`.
 * Resolves when the broker answers requests; throws MissingPrerequisiteError when the machine lacks something.
 */
export async function startKafka(options: {
  dir: string;
  port?: number;
  heapMb?: number;
  onProgress?: (line: string) => void;
}): Promise<LocalKafka> {
  const { heapMb = 256, onProgress = () => {} } = options;
  const java = await findJava();
  const jarsDir = await fetchKafkaJars(onProgress);
  const dir = resolve(options.dir);
  const pidFile = join(dir, 'kafka.pid');
  await killLeftover(pidFile, dir);
  const port = options.port ?? (await freePort());
  if (!(await isPortFree(port))) {
    throw new MissingPrerequisiteError(
      `port ${port} on 127.0.0.1 is busy: stop what listens there or give Kafka another`,
    );
  }
  mkdirSync(dir, { recursive: true });
  const settingsFile = join(dir, 'server.properties');
  writeFileSync(settingsFile, brokerSettings({ dir, port, controllerPort: await freePort() }));
  const javaArguments = [...jvmOptions(heapMb), '-cp', join(jarsDir, '*')];
  await formatStorage(java, javaArguments, settingsFile, dir);

  const log = openSync(join(dir, 'kafka.log'), 'a');
  const child = spawn(java, [...javaArguments, 'kafka.Kafka', settingsFile], { stdio: ['ignore', log, log] });
  closeSync(log);
  await once(child, 'spawn');
  writeFileSync(pidFile, String(child.pid));
  const brokers = `127.0.0.1:${port}`;
  await untilReady(child, brokers, dir);
  onProgress(`Kafka listens on ${brokers}`);
  return {
    brokers,
    pid: child.pid!,
    stop: () => stopChild(child, 'SIGTERM'),
    kill: () => void child.kill('SIGKILL'),
  };
}

// C1 only: a broker that lives for minutes starts in half the time and never needs the optimising compiler.
function jvmOptions(heapMb: number): string[] {
  return [
    `-Xmx${heapMb}m`,
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-XX:+ExitOnOutOfMemoryError',
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    '-Dorg.slf4j.simpleLogger.showDateTime=true',
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
  ];
}

function brokerSettings({ dir, port, controllerPort }: { dir: string; port: number; controllerPort: number }): string {
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `CLIENT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'listener.security.protocol.map': 'CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'CLIENT',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(dir, 'data'),
    'auto.create.topics.enable': false,
    'group.initial.rebalance.delay.ms': 0,
    // After kill -9 the broker may register again only when its old session has expired (default 9 s).
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 500,
    // The default of 128 MB is allotted at start, whatever there is to compact.
    'log.cleaner.dedupe.buffer.size': 16 << 20,
    // One node: the defaults ask for three replicas and 50 partitions of each internal topic.
    'offsets.topic.num.partitions': 4,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
  };
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

async function formatStorage(java: string, javaArguments: string[], settingsFile: string, dir: string): Promise<void> {
  if (existsSync(join(dir, 'data', 'meta.properties'))) return;
  const clusterId = randomBytes(16).toString('base64url'); // may begin with a dash, hence the equals sign
  const command = ['format', '--ignore-formatted', `--cluster-id=${clusterId}`, '--config', settingsFile];
  await promisify(execFile)(java, [...javaArguments, 'kafka.tools.StorageTool', ...command]);
}

async function untilReady(child: ChildProcess, broker: string, dir: string): Promise<void> {
  const deadlineMs = Date.now() + 60_000;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(explainEnd('Kafka ended at start', dir));
    // Answered only after the broker has joined its own quorum and may serve.
    if (await fetchApiVersions(broker, { timeoutMs: 1_000 }).catch(() => undefined)) return;
    if (Date.now() > deadlineMs) {
      await stopChild(child, 'SIGKILL');
      throw new Error(explainEnd('Kafka did not answer within 60 s', dir));
    }
    await delay(50);
  }
}

function explainEnd(what: string, dir: string): string {
  const logFile = join(dir, 'kafka.log');
  const lastLines = readFileSync(logFile, 'utf8').trim().split('\n').slice(-5).join('\n');
  return `${what}: read ${logFile}, which ends with\n${lastLines}`;
}
