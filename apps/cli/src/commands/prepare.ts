import type { Command } from 'commander';
import {
  authorizationForm_MethodToJSON,
  GetPreConfigurationResponse,
  toCanonicalJson,
  type Template,
} from '@autoprov/proto';
import { callTimeoutMs } from '../calls.ts';
import type { Io } from '../io.ts';
import { chooseApp } from '../names.ts';
import { withServices } from '../network.ts';
import { formatJson, formatWord, printable } from '../output.ts';
import { addAppOptions, type AppOptions } from './app-options.ts';

export function addPrepare(program: Command, io: Io): void {
  addAppOptions(program.command('prepare'), 'one JSON object')
    .description('say what has to be ready before an app is set up: at Google, and at the service provider')
    .action((options: AppOptions) =>
      withServices(io, async (services) => {
        const app = await chooseApp(services, options.app, options.customer);
        const answer = await services.config.getPreConfiguration({ app }, { timeoutMs: callTimeoutMs });
        io.out(options.json ? toJson(answer) : formatPreparation(answer));
      }),
    );
}

function toJson(answer: GetPreConfigurationResponse): string {
  const type = 'autoprov.config.v1.GetPreConfigurationResponse';
  return formatJson(toCanonicalJson(type, GetPreConfigurationResponse, answer));
}

/** What is to be done on either side, in order. */
export function formatPreparation(answer: GetPreConfigurationResponse): string {
  const { app, template, credentialStored, setupExists } = answer;
  return [
    `${app?.displayName ?? ''} (${template?.displayName ?? ''})`,
    '',
    'At Google',
    ...googleSteps(answer).map((step) => `  - ${step}`),
    '',
    'At the service provider',
    ...providerSteps(template).map((step) => `  - ${printable(step)}`),
    '',
    `credential   ${credentialStored ? 'stored' : 'none yet'}`,
    `setup        ${setupExists ? 'there is one' : 'none yet'}`,
  ].join('\n');
}

function googleSteps({ clientId, scopes, delegationLink, googleCustomerId }: GetPreConfigurationResponse): string[] {
  if (clientId === '') return ['store a service account of this customer with "autoprov apply"'];
  if (googleCustomerId !== '') return [`the directory ${googleCustomerId} can be read by the client id ${clientId}`];
  return [
    `authorize the client id ${clientId} for the scopes ${scopes.join(',')}`,
    `this page of the admin console has both filled in: ${delegationLink}`,
  ];
}

function providerSteps(template: Template | undefined): string[] {
  const methods = template?.authorization?.methods ?? [];
  const words = methods.map((method) => formatWord(authorizationForm_MethodToJSON(method), 'METHOD_'));
  const { hint = '', urlTemplate = '' } = template?.endpoint ?? {};
  return [
    ...(words.length > 0 ? [`it takes ${words.join(' or ')}`] : []),
    ...(urlTemplate ? [`its SCIM base URL looks like ${urlTemplate}`] : []),
    ...(hint ? [hint] : []),
    ...(template?.notes ?? []),
    ...(template?.documentationUri ? [`its documentation: ${template.documentationUri}`] : []),
  ];
}
