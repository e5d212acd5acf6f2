// Who may import what (docs/architecture.md): reads every import of the source files and names those that are not allowed.
// oxlint's no-restricted-imports would need the same table once for each package, as overrides.
import { globSync, readFileSync } from 'node:fs';

type Rule = {
  /** Imports that this is about. */
  imports: RegExp;
  /** Where they are allowed. */
  allowedIn: RegExp;
  why: string;
};

const tests = String.raw`(^|/)(apps/e2e/|tools/)|\.(test|fixture)\.ts$`;

const rules: Rule[] = [
  { imports: /^kafkajs/, allowedIn: /^libs\/kafka\//, why: 'kafkajs is imported by libs/kafka only' },
  { imports: /^pg($|\/)/, allowedIn: /^libs\/postgres\//, why: 'pg is imported by libs/postgres only' },
  {
    imports: /^@grpc\/|^grpc-health-check/,
    allowedIn: /^libs\/(grpc\/|proto\/src\/gen\/)/,
    why: 'grpc-js is imported by libs/grpc and the generated code only',
  },
  {
    imports: /^@autoprov\/(config|token-broker|directory-reader|scim-pusher|failure-reporter|console|cli|e2e)/,
    allowedIn: /^$/,
    why: 'apps import no app: what two apps need is first a proto, else a lib',
  },
  {
    imports: /^@autoprov\/testing|\/testing$/,
    allowedIn: new RegExp(`${tests}|^libs/testing/`),
    why: 'only tests use what stands in for the outside world',
  },
  {
    imports: /^(undici|node:(fs|net|http|https|child_process))/,
    allowedIn: /^(?!libs\/(scim|mapping|failure-catalogue)\/src\/)|\.test\.ts$|write-page\.ts$/,
    why: 'libs/scim, libs/mapping and libs/failure-catalogue are pure',
  },
];

const importForm = /(?:^|\s)(?:import|export)\s(?:[^'";]*?\sfrom\s)?'([^']+)'|import\('([^']+)'\)/g;

function findViolations(file: string, source: string): string[] {
  const found: string[] = [];
  for (const [, fromClause, dynamic] of source.matchAll(importForm)) {
    const target = fromClause ?? dynamic!;
    for (const { imports, allowedIn, why } of rules) {
      if (imports.test(target) && !allowedIn.test(file)) found.push(`${file} imports ${target}: ${why}`);
    }
    if (leavesProject(file, target)) found.push(`${file} imports ${target}: use the other package by its name`);
  }
  return found;
}

/** A relative import that climbs out of its apps/x or libs/x. */
function leavesProject(file: string, target: string): boolean {
  if (!target.startsWith('../') || !/^(apps|libs)\//.test(file)) return false;
  const depth = file.split('/').length - 3;
  return target.split('/').filter((part) => part === '..').length > depth;
}

/** One import for each rule that must be refused: a check that can't fail proves nothing. */
const forbidden: [file: string, source: string][] = [
  ['apps/config/src/store/setups.ts', `import pg from 'pg';`],
  ['libs/testing/src/x.ts', `import { Kafka } from 'kafkajs';`],
  ['apps/config/src/rpc/x.ts', `import { status } from '@grpc/grpc-js';`],
  ['apps/cli/src/x.ts', `import { startConfig } from '@autoprov/config';`],
  ['apps/cli/src/x.ts', `import { startConfig } from '../../config/src/server.ts';`],
  ['apps/config/src/server.ts', `export { startKafka } from '@autoprov/testing';`],
  ['libs/scim/src/x.ts', `const { request } = await import('undici');`],
];

if (import.meta.main) {
  for (const [file, source] of forbidden) {
    if (findViolations(file, source).length === 0) throw new Error(`not caught: ${source} in ${file}`);
  }
  const files = globSync(['apps/*/src/**/*.ts', 'libs/*/src/**/*.ts', 'tools/*.ts']);
  const violations = files.flatMap((file) => findViolations(file, readFileSync(file, 'utf8')));
  for (const violation of violations) console.error(violation);
  console.log(`${files.length} files, ${violations.length} forbidden imports`);
  if (violations.length > 0 || files.length === 0) process.exitCode = 1;
}
