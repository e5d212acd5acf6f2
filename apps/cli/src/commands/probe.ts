import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { InspectEndpointResponse, Template, toCanonicalJson } from '@autoprov/proto';
import { CommandError, UsageError, type Io } from '../io.ts';
import { withServices } from '../network.ts';
import { formatJson, printable } from '../output.ts';

/** As long as the service lets one call take. */
const timeoutMs = 60_000;

type ProbeOptions = { tokenEnv?: string; stdin?: boolean; json?: boolean; template?: boolean };

export function addProbe(program: Command, io: Io): void {
  program
    .command('probe')
    .argument('<url>', 'the SCIM base URL')
    .description('find out what a service provider can do, by reading, and draft a template for it')
    .option('--token-env <name>', 'the variable of the environment that holds the bearer token')
    .option('--stdin', 'read the bearer token from standard input')
    .option('--template', 'print the draft alone, to be saved as apps/config/templates/NAME.json')
    .option('--json', 'one JSON object')
    .action((url: string, options: ProbeOptions) =>
      withServices(io, async ({ push }) => {
        const authorization = await readAuthorization(io, options);
        const answer = await push.inspectEndpoint({ endpointUrl: url, authorization }, { timeoutMs });
        if (options.json) io.out(formatJson(toCanonicalJson(messageName, InspectEndpointResponse, answer)));
        else io.out(options.template ? formatDraft(answer.draft) : formatProbe(answer));
        if (!answer.probe?.isAuthorized) throw new CommandError('the accounts cannot be read: see why above');
      }),
    );
}

const messageName = 'autoprov.push.v1.InspectEndpointResponse';

async function readAuthorization({ env, stdin }: Io, { tokenEnv, stdin: fromStdin }: ProbeOptions): Promise<string> {
  if (tokenEnv === undefined && !fromStdin) return '';
  if (tokenEnv !== undefined && fromStdin) throw new UsageError('give --token-env or --stdin, not both');
  const token = (tokenEnv === undefined ? await readAll(stdin) : (env[tokenEnv] ?? '')).trim();
  if (token !== '') return `Bearer ${token}`;
  throw new CommandError(`${tokenEnv ?? 'standard input'} holds no token: put it there and probe again`);
}

async function readAll(stdin: Io['stdin']): Promise<string> {
  return text(stdin as AsyncIterable<Buffer>);
}

/** What was found out, line by line, and the draft. */
export function formatProbe(answer: InspectEndpointResponse): string {
  const { probe, schema, resourceTypes, filterableAttributes, accountCount, maxPageSize, pages, medianReadMs } = answer;
  const refusal = `${probe?.code} ${probe?.reason}${probe?.detail ? `: ${printable(probe.detail)}` : ''}`;
  const head = [
    ['SCIM', probe?.isScim ? 'yes' : 'no'],
    ['accounts can be read', probe?.isAuthorized ? 'yes' : `no, ${refusal}`],
  ];
  if (!probe?.isAuthorized) return formatLines(head);
  const lines = [
    ...head,
    ['PATCH', saysOf(probe.serviceProviderConfig, 'patch')],
    ['attributes', schema ? `${schema.attributes.length}${schema.discovered ? '' : ', of RFC 7643'}` : 'not known'],
    ['resource types', resourceTypes.map(printable).join(', ') || 'it does not say'],
    ['finds accounts by', filterableAttributes.join(', ') || 'nothing'],
    ['accounts', accountCount === undefined ? 'it does not say' : String(accountCount)],
    ['accounts a page', maxPageSize === 0 ? 'not known' : String(maxPageSize)],
    ['pages', pages === undefined ? 'too few accounts to tell' : pages ? 'yes' : 'no'],
    ['a read takes', `${medianReadMs} ms (median of 10)`],
  ];
  const notes = answer.notes.map((note) => `- ${printable(note)}`);
  return [formatLines(lines), ...notes, '', formatDraft(answer.draft)].join('\n');
}

function saysOf(config: unknown, feature: string): string {
  const supported = (config as Record<string, { supported?: unknown }> | undefined)?.[feature]?.supported;
  return typeof supported === 'boolean' ? (supported ? 'yes' : 'no') : 'it does not say';
}

function formatLines(lines: string[][]): string {
  const width = Math.max(...lines.map(([name]) => name!.length));
  return lines.map(([name, value]) => `${name!.padEnd(width)}   ${value}`).join('\n');
}

/** A file of the app catalogue. */
export function formatDraft(draft: Template | undefined): string {
  if (!draft) return 'no draft: the accounts cannot be read';
  const template = toCanonicalJson('autoprov.config.v1.Template', Template, draft) as Record<string, unknown>;
  return formatJson({ $schema: './template.schema.json', ...(withoutDefaults(template) as object) });
}

/** What a reader of canonical JSON assumes anyway is left out. */
function withoutDefaults(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDefaults);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      const kept = withoutDefaults(inner);
      return isDefault(kept) ? [] : [[key, kept]];
    }),
  );
}

function isDefault(value: unknown): boolean {
  if (typeof value === 'string') return value === '' || value.endsWith('_UNSPECIFIED');
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === 0 || value === false || value === null || value === undefined;
}
