import type { Command } from 'commander';
import { authorizationForm_MethodToJSON, deprovisioningActionToJSON, Template, toCanonicalJson } from '@autoprov/proto';
import { callTimeoutMs, collectPages } from '../calls.ts';
import type { Io } from '../io.ts';
import { withServices } from '../network.ts';
import { formatJson, formatTable, formatWord, lastPart } from '../output.ts';

export function addTemplates(program: Command, io: Io): void {
  program
    .command('templates')
    .description('list the app catalogue: the kinds of service providers that apps are installed from')
    .option('--json', 'one JSON array')
    .action(({ json }: { json?: boolean }) =>
      withServices(io, async ({ config }) => {
        const templates = await collectPages(async (pageToken) => {
          const page = await config.listTemplates({ pageSize: 0, pageToken }, { timeoutMs: callTimeoutMs });
          return { items: page.templates, nextPageToken: page.nextPageToken };
        });
        io.out(json ? toJson(templates) : formatTemplates(templates));
      }),
    );
}

function toJson(templates: Template[]): string {
  return formatJson(templates.map((template) => toCanonicalJson('autoprov.config.v1.Template', Template, template)));
}

/** One row a template. */
export function formatTemplates(templates: Template[]): string {
  return formatTable(
    ['template', 'version', 'authorises by', 'leavers', 'endpoint', 'name'],
    templates.map(({ name, displayName, version, authorization, deprovisioningActions, endpoint }) => [
      lastPart(name),
      String(version),
      (authorization?.methods ?? [])
        .map((method) => formatWord(authorizationForm_MethodToJSON(method), 'METHOD_'))
        .join(', '),
      // None named is both.
      deprovisioningActions
        .map((action) => formatWord(deprovisioningActionToJSON(action), 'DEPROVISIONING_ACTION_'))
        .join(', ') || 'suspend, delete',
      endpoint?.urlTemplate || 'any',
      displayName,
    ]),
  );
}
