import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { callTimeoutMs, checkTimeoutMs } from '../calls.ts';
import type { Io } from '../io.ts';
import { chooseApp } from '../names.ts';
import { withServices } from '../network.ts';
import { addAppOptions, type AppOptions } from './app-options.ts';

export function addSwitch(program: Command, io: Io): void {
  addAppOptions(program.command('activate'))
    .description('start pushing, once every check of the setup has passed')
    .action((options: AppOptions) => switchSetup(io, options, 'activateSetup'));
  addAppOptions(program.command('deactivate'))
    .description('stop pushing within 10 seconds; no account is changed by that')
    .action((options: AppOptions) => switchSetup(io, options, 'deactivateSetup'));
}

function switchSetup(io: Io, options: AppOptions, method: 'activateSetup' | 'deactivateSetup'): Promise<void> {
  return withServices(io, async (services) => {
    const name = `${await chooseApp(services, options.app, options.customer)}/setup`;
    const { setup } = await services.config.getSetup({ name }, { timeoutMs: callTimeoutMs });
    const request = { name, etag: setup!.etag, validateOnly: false, requestId: randomUUID() };
    await services.config[method](request, { timeoutMs: checkTimeoutMs });
    io.out(`${name} is ${method === 'activateSetup' ? 'active' : 'inactive'}`);
  });
}
