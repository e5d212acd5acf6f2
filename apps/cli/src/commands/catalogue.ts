import type { Command } from 'commander';
import { catalogue, findEntry, type CatalogueEntry } from '@autoprov/failure-catalogue';
import { UsageError, type Io } from '../io.ts';
import { formatJson, formatTable } from '../output.ts';

export function addCatalogue(program: Command, io: Io): void {
  program
    .command('catalogue')
    .argument('[code]', 'a code such as 45003, or a reason such as STALE_SETUP_CHANGED')
    .description('list every failure of the error model, or explain one')
    .option('--json', 'one JSON array, or object')
    .action((code: string | undefined, { json }: { json?: boolean }) => {
      if (code === undefined) return io.out(json ? formatJson(catalogue) : formatCatalogue());
      const entry = findEntry(code);
      if (!entry) throw new UsageError(`"${code}" is in no entry: "autoprov catalogue" lists them`);
      io.out(json ? formatJson(entry) : formatEntry(entry));
    });
}

function formatCatalogue(): string {
  return formatTable(
    ['code', 'scope', 'who acts', 'title'],
    catalogue.map(({ id, scope, actor, title }) => [id, scope, actor, title]),
  );
}

/** All that is known of a failure, for reading. */
export function formatEntry(entry: CatalogueEntry): string {
  const { id, title, scope, actor, condition, resolvesItself, retryPolicy, resolution, reasons = [] } = entry;
  const itself = typeof resolvesItself === 'string' ? resolvesItself : resolvesItself ? 'Yes.' : 'No.';
  return [
    `${id}: ${title}`,
    '',
    `Raised when      ${condition}`,
    `Scope            ${scope}`,
    `Who acts         ${actor}`,
    `Resolves itself  ${itself}`,
    `Meanwhile        ${retryPolicy}`,
    '',
    'What to do',
    ...resolution.map((step) => `  - ${step}`),
    ...reasons.flatMap((finer) => [
      '',
      `${finer.reason}: ${finer.meaning}`,
      ...finer.resolution.map((step) => `  - ${step}`),
    ]),
  ].join('\n');
}
