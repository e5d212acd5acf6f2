import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import { rpcErrorOf } from '@autoprov/grpc';
import { fromCanonicalJson, Link, linkRefusal_ReasonToJSON, toCanonicalJson, type LinkRefusal } from '@autoprov/proto';
import { checkTimeoutMs } from '../calls.ts';
import { CommandError, type Io } from '../io.ts';
import { chooseApp } from '../names.ts';
import { withServices, type Services } from '../network.ts';
import { formatTable, formatWord, lastPart, printable } from '../output.ts';
import { addAppOptions, type AppOptions } from './app-options.ts';

/** A slow service provider answers so many questions while a call may take. */
const batchSize = 25;
const exportTimeoutMs = 600_000;
const tries = 30;
const tryAgainAfterMs = 2_000;
const linkType = 'autoprov.push.v1.Link';

type ImportOptions = AppOptions & { trust?: boolean; validateOnly?: boolean };
type Imported = { imported: bigint; unchanged: bigint; refused: (LinkRefusal & { line: number; link: Link })[] };

export function addLinks(program: Command, io: Io): void {
  const links = program
    .command('links')
    .description('take the links between people and accounts to another installation or app');
  addAppOptions(links.command('export'))
    .description('print who is linked to which account, one JSON object a line')
    .action((options: AppOptions) =>
      withServices(io, async (services) => {
        const app = await chooseApp(services, options.app, options.customer);
        for await (const part of services.push.exportLinks({ app }, { timeoutMs: exportTimeoutMs })) {
          for (const link of part.links) await print(io, JSON.stringify(toCanonicalJson(linkType, Link, link)));
        }
      }),
    );
  addAppOptions(links.command('import'))
    .description(
      'read such lines from the standard input; each account is looked at before its link is believed, nothing is written there',
    )
    .option('--trust', 'believe what the lines say of the accounts, without a look')
    .option('--validate-only', 'say what would be refused, and store nothing')
    .action((options: ImportOptions) =>
      withServices(io, async (services) => {
        const app = await chooseApp(services, options.app, options.customer);
        const imported = await importAll(services, io, app, options);
        const { refused } = imported;
        io.out(formatImported(imported, options.validateOnly ?? false));
        if (refused.length > 0)
          throw new CommandError(`${refused.length} links were refused: correct them, and import again`);
      }),
    );
}

async function print({ stdout }: Io, line: string): Promise<void> {
  if (!stdout.write(`${line}\n`)) await once(stdout, 'drain');
}

async function importAll(services: Services, io: Io, app: string, options: ImportOptions): Promise<Imported> {
  const result: Imported = { imported: 0n, unchanged: 0n, refused: [] };
  let batch: { line: number; link: Link }[] = [];
  const send = async () => {
    if (batch.length === 0) return;
    const links = batch.map(({ link }) => link);
    const request = { app, links, validateOnly: options.validateOnly ?? false, trusted: options.trust ?? false };
    const answer = await importBatch(services, io, request);
    result.imported += answer.importedCount;
    result.unchanged += answer.unchangedCount;
    result.refused.push(...answer.refusals.map((refusal) => ({ ...refusal, ...batch[refusal.index]! })));
    batch = [];
  };
  const customer = app.slice(0, app.indexOf('/apps/'));
  for await (const { line, link } of readLinks(io, customer)) {
    batch.push({ line, link });
    if (batch.length === batchSize) await send();
  }
  await send();
  return result;
}

/** People keep their ids; the customer may be called otherwise here. */
async function* readLinks({ stdin }: Io, customer: string): AsyncGenerator<{ line: number; link: Link }> {
  let line = 0;
  for await (const text of createInterface({ input: Readable.from(stdin), crlfDelay: Infinity })) {
    line++;
    if (text.trim() === '') continue;
    const link = readLink(text, line);
    yield { line, link: { ...link, user: `${customer}/users/${lastPart(link.user)}` } };
  }
}

function readLink(text: string, line: number): Link {
  try {
    return fromCanonicalJson(linkType, Link, JSON.parse(text));
  } catch (err) {
    throw new CommandError(`line ${line} is no link as "autoprov links export" prints it (${(err as Error).message})`);
  }
}

/** A pass over the app ends by itself: then the links have their turn. */
async function importBatch({ push }: Services, io: Io, request: Parameters<Services['push']['importLinks']>[0]) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await push.importLinks(request, { timeoutMs: checkTimeoutMs });
    } catch (err) {
      const { reason, message } = rpcErrorOf(err);
      if (reason !== 'RESOURCE_IN_USE' || attempt === tries) throw err;
      if (attempt === 1) io.err(message);
      await pause(tryAgainAfterMs);
    }
  }
}

/** What became of the links, and a row for each that is refused. */
export function formatImported({ imported, unchanged, refused }: Imported, validateOnly: boolean): string {
  const verb = validateOnly ? 'would be imported' : 'are imported';
  const numbers = `${imported} links ${verb}, ${unchanged} were there already, ${refused.length} are refused`;
  if (refused.length === 0) return numbers;
  const table = formatTable(
    ['line', 'user', 'account', 'why not', 'explanation'],
    refused.map(({ line, link, reason, explanation }) => [
      String(line),
      lastPart(link.user),
      link.scimId,
      formatWord(linkRefusal_ReasonToJSON(reason), 'REASON_'),
      printable(explanation),
    ]),
  );
  return `${numbers}\n\n${table}`;
}
