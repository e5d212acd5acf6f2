import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import type { DeleteWarning } from '@autoprov/proto';
import { callTimeoutMs } from '../calls.ts';
import type { Io } from '../io.ts';
import { chooseApp } from '../names.ts';
import { withServices, type Services } from '../network.ts';
import { printable } from '../output.ts';
import { addAppOptions, type AppOptions } from './app-options.ts';

type RemoveOptions = AppOptions & { setupOnly?: boolean };

export function addRemove(program: Command, io: Io): void {
  addAppOptions(program.command('remove'))
    .description('remove an app with its setup, and revoke its access; no account is changed by that')
    .option('--setup-only', 'the app stays installed')
    .action((options: RemoveOptions) =>
      withServices(io, async (services) => {
        const app = await chooseApp(services, options.app, options.customer);
        const name = options.setupOnly ? `${app}/setup` : app;
        const warnings = options.setupOnly ? await removeSetup(services, name) : await removeApp(services, name);
        io.out(`${name} is removed; no account is changed`);
        if (warnings.length > 0) io.err(formatWarnings(warnings, app));
      }),
    );
}

async function removeApp({ config }: Services, name: string): Promise<DeleteWarning[]> {
  return (await config.deleteApp({ name, validateOnly: false }, { timeoutMs: callTimeoutMs })).warnings;
}

async function removeSetup({ config }: Services, name: string): Promise<DeleteWarning[]> {
  const { setup } = await config.getSetup({ name }, { timeoutMs: callTimeoutMs });
  const request = { name, etag: setup!.etag, validateOnly: false, requestId: randomUUID() };
  return (await config.deleteSetup(request, { timeoutMs: callTimeoutMs })).warnings;
}

/** What is left to do of a deletion, and where that is listed. */
export function formatWarnings(warnings: DeleteWarning[], app: string): string {
  const [, customerId] = app.split('/');
  return [
    ...warnings.map(({ reason, message }) => `warning: ${printable(message)} (${reason})`),
    `What is left, and what to do: autoprov revocations --customer ${customerId}`,
  ].join('\n');
}
