import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { findJava } from '@autoprov/testing';
import { repositoryDir } from './run-process.ts';

const run = promisify(execFile);
const javaDir = join(repositoryDir, 'apps', 'e2e', 'java');

/** What Java makes of an event: what its JSON Schema finds wrong, and the value as protobuf's JsonFormat prints it again. */
export type ParsedInJava = { schemaErrors: string[]; reprinted?: unknown; protobufError?: string };

/** Has Java read events, each the full name of a message and its JSON. */
export async function parseInJava(events: { message: string; value: string }[]): Promise<ParsedInJava[]> {
  const jars = join(await fetchJars(), '*');
  const descriptors = join(repositoryDir, 'libs', 'proto', 'descriptors.binpb');
  const schemas = join(repositoryDir, 'docs', 'schemas');
  const program = join(javaDir, 'ParseEvents.java');
  const options = ['-Dstdout.encoding=UTF-8', '-cp', jars];
  const java = spawn(await findJava(), [...options, program, descriptors, schemas], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  java.stdin.end(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  const [output, errors] = await Promise.all([text(java.stdout), text(java.stderr)]);
  const lines = output.split('\n').filter(Boolean);
  if (lines.length !== events.length) throw new Error(`Java read ${lines.length} of ${events.length}: ${errors}`);
  return lines.map((line) => JSON.parse(line) as ParsedInJava);
}

/** The jars that java/pom.xml names; fetched by Maven once, and again when it changes. */
async function fetchJars(): Promise<string> {
  const dir = join(repositoryDir, '.autoprov', 'parse-in-java');
  const pom = join(javaDir, 'pom.xml');
  const doneFile = join(dir, 'pom.xml');
  const wanted = readFileSync(pom, 'utf8');
  if (existsSync(doneFile) && readFileSync(doneFile, 'utf8') === wanted) return dir;
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies';
  await run('mvn', ['-B', '-q', '-f', pom, goal, '-DincludeScope=runtime', `-DoutputDirectory=${dir}`]);
  writeFileSync(doneFile, wanted);
  return dir;
}
