import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { provisioningSetup_StateToJSON, SetupRevision, toCanonicalJson } from '@autoprov/proto';
import { callTimeoutMs, checkTimeoutMs, collectPages } from '../calls.ts';
import { UsageError, type Io } from '../io.ts';
import { chooseApp } from '../names.ts';
import { withServices } from '../network.ts';
import { formatAge, formatJson, formatTable, formatWord } from '../output.ts';
import { addAppOptions, type AppOptions } from './app-options.ts';

type RollbackOptions = AppOptions & { validateOnly?: boolean };

export function addHistory(program: Command, io: Io): void {
  addAppOptions(program.command('history'), 'one JSON array')
    .description('list the revisions of a setup: who changed what, and when')
    .action((options: AppOptions) =>
      withServices(io, async (services) => {
        const parent = `${await chooseApp(services, options.app, options.customer)}/setup`;
        const revisions = await collectPages(async (pageToken) => {
          const page = await services.config.listSetupRevisions(
            { parent, pageSize: 100, pageToken },
            { timeoutMs: callTimeoutMs },
          );
          return { items: page.revisions, nextPageToken: page.nextPageToken };
        });
        io.out(options.json ? toJson(revisions) : formatHistory(revisions, new Date()));
      }),
    );
}

export function addRollback(program: Command, io: Io): void {
  addAppOptions(program.command('rollback'))
    .argument('<revision>', 'its number in "autoprov history"')
    .description('make a setup again what it was at a revision; whether it is active stays as it is')
    .option('--validate-only', 'check everything, change nothing')
    .action((text: string, options: RollbackOptions) =>
      withServices(io, async (services) => {
        const name = `${await chooseApp(services, options.app, options.customer)}/setup`;
        const { setup } = await services.config.getSetup({ name }, { timeoutMs: callTimeoutMs });
        const revision = readRevision(text);
        const { validateOnly = false } = options;
        const request = { name, etag: setup!.etag, revision, validateOnly, requestId: randomUUID() };
        const after = (await services.config.rollbackSetup(request, { timeoutMs: checkTimeoutMs })).setup!;
        if (validateOnly) return io.out(`${name} can be what it was at revision ${revision}`);
        io.out(`${name} is what it was at revision ${revision}, as revision ${after.revision}`);
      }),
    );
}

function readRevision(text: string): bigint {
  if (/^[1-9]\d{0,17}$/.test(text)) return BigInt(text);
  throw new UsageError(`"${text}" is no revision: take a number from "autoprov history"`);
}

function toJson(revisions: SetupRevision[]): string {
  return formatJson(
    revisions.map((revision) => toCanonicalJson('autoprov.config.v1.SetupRevision', SetupRevision, revision)),
  );
}

/** One row a revision, newest first; or a sentence. */
export function formatHistory(revisions: SetupRevision[], now: Date): string {
  if (revisions.length === 0) return 'no setup was ever made';
  return formatTable(
    ['revision', 'age', 'by', 'state', 'changed'],
    revisions.map(({ revision, createTime, person, caller, setup, changedPaths, rolledBackTo }) => [
      String(revision),
      formatAge(createTime, now),
      person || caller,
      setup ? formatWord(provisioningSetup_StateToJSON(setup.state), 'STATE_') : 'deleted',
      [...changedPaths, ...(rolledBackTo > 0n ? [`(back to ${rolledBackTo})`] : [])].join(', '),
    ]),
  );
}
