import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MissingPrerequisiteError } from './missing-prerequisite-error.ts';

const run = promisify(execFile);
const orCluster = 'or set KAFKA_BROKERS to a Kafka 3.9+/4.x cluster';

// The same from src/infra and from dist/infra.
const pomFile = fileURLToPath(new URL('../../src/infra/kafka/pom.xml', import.meta.url));
const cacheDir = fileURLToPath(new URL('../../../../.autoprov', import.meta.url));

/** The Apache Kafka version that kafka/pom.xml names. */
export function kafkaVersion(): string {
  const version = /<kafka\.version>(.+)<\/kafka\.version>/.exec(readFileSync(pomFile, 'utf8'))?.[1];
  if (!version) throw new Error(`${pomFile} names no kafka.version: restore it from git`);
  return version;
}

/** Path of a Java 17+ runtime: JAVA_HOME's, else the one on the PATH. */
export async function findJava(): Promise<string> {
  const java = process.env['JAVA_HOME'] ? join(process.env['JAVA_HOME'], 'bin', 'java') : 'java';
  const answer = await run(java, ['-version']).catch(() => undefined);
  const version = Number(/version "(\d+)/.exec(answer?.stderr ?? '')?.[1] ?? 0);
  if (version >= 17) return java;
  const found = version > 0 ? `Java ${version} is too old for Kafka` : 'Kafka needs Java, which was not found';
  throw new MissingPrerequisiteError(
    `${found}: install a Java 17 runtime, e.g. apt-get install openjdk-17-jre-headless, ${orCluster}`,
  );
}

/** Folder with the broker's jars; the first call on a machine fetches them by Maven (about 43 MB). */
export async function fetchKafkaJars(onProgress: (line: string) => void = () => {}): Promise<string> {
  const libsDir = join(cacheDir, `kafka-${kafkaVersion()}`, 'libs');
  if (existsSync(libsDir)) return libsDir;
  onProgress(`fetching Apache Kafka ${kafkaVersion()} with Maven (once)`);
  // Renamed into place when complete, so a fetch that was cut off or runs twice never leaves half a set.
  const partDir = `${libsDir}.${process.pid}`;
  mkdirSync(dirname(libsDir), { recursive: true });
  try {
    await run('mvn', mavenArguments(partDir), { maxBuffer: 64 << 20 });
    if (!existsSync(libsDir)) renameSync(partDir, libsDir);
  } catch (err) {
    throw explainMavenFailure(err as Error & { code?: unknown; stdout?: string });
  } finally {
    rmSync(partDir, { recursive: true, force: true });
  }
  return libsDir;
}

function mavenArguments(outputDir: string): string[] {
  const options = ['-DincludeScope=runtime', `-DoutputDirectory=${outputDir}`];
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies'; // its version is in the pom
  return ['-B', '-q', '-Dstyle.color=never', '-f', pomFile, goal, ...options];
}

function explainMavenFailure(err: Error & { code?: unknown; stdout?: string }): Error {
  if (err.code === 'ENOENT') {
    return new MissingPrerequisiteError(
      `Kafka's jars come by Maven, which was not found: install it, e.g. apt-get install maven, ${orCluster}`,
    );
  }
  const reason = /\[ERROR\] (.+)/.exec(err.stdout ?? '')?.[1] ?? err.message;
  return new MissingPrerequisiteError(
    `Maven could not fetch Apache Kafka ${kafkaVersion()} (${reason}): give Maven a repository it can reach ` +
      `(network, proxy or mirror in ~/.m2/settings.xml), ${orCluster}`,
  );
}
