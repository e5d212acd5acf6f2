import type { Command } from 'commander';
import { PreviewMappingResponse, toCanonicalJson, type MatchingValue } from '@autoprov/proto';
import { checkTimeoutMs } from '../calls.ts';
import type { Io } from '../io.ts';
import { chooseApp, toUserName } from '../names.ts';
import { withServices } from '../network.ts';
import { formatJson, formatTable, printable } from '../output.ts';
import { addAppOptions, type AppOptions } from './app-options.ts';

export function addPreview(program: Command, io: Io): void {
  addAppOptions(program.command('preview'), 'one JSON object')
    .argument('<user>', "the person's primary address, or the id in the directory")
    .description('show what the mapping gives for a person, where each value comes from, and what would be refused')
    .action((user: string, options: AppOptions) =>
      withServices(io, async (services) => {
        const app = await chooseApp(services, options.app, options.customer);
        const answer = await services.config.previewMapping(
          { app, user: toUserName(user, app), draft: undefined },
          { timeoutMs: checkTimeoutMs },
        );
        io.out(options.json ? toJson(answer) : formatPreview(answer));
      }),
    );
}

function toJson(answer: PreviewMappingResponse): string {
  return formatJson(toCanonicalJson('autoprov.config.v1.PreviewMappingResponse', PreviewMappingResponse, answer));
}

/** Whether the person is in scope, one row a mapping row, and what an account is looked for by. */
export function formatPreview({ inScope, scopeExplanation, values, matching }: PreviewMappingResponse): string {
  const table = formatTable(
    ['attribute', 'value', 'comes from', 'problem'],
    values.map(({ target, value, origin, problem }) => [
      target,
      value === undefined || value === null ? '' : JSON.stringify(value),
      origin,
      problem,
    ]),
  );
  const scope = `in scope   ${inScope ? 'yes' : 'no'}: ${printable(scopeExplanation)}`;
  return [scope, ...formatMatching(matching), '', table].join('\n');
}

/** A line for each rule: what an account that is there is looked for by. */
export function formatMatching(matching: readonly MatchingValue[]): string[] {
  return matching.map(({ attribute, value, problem }) => {
    if (problem !== '') return `match by   ${printable(attribute)} fails: ${printable(problem)}`;
    return `match by   ${printable(attribute)}${value === '' ? ': no value, passed over' : ` = ${printable(value)}`}`;
  });
}
