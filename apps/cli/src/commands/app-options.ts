import type { Command } from 'commander';

/** What names the app in a command about one app. */
export type AppOptions = { app: string; customer?: string; json?: boolean };

/** Adds the options that name the app, and `--json` where the command has a result to print so. */
export function addAppOptions(command: Command, jsonMeans?: string): Command {
  command
    .requiredOption('--app <app>', 'the id of the app')
    .option('--customer <customer>', 'the id of the customer; not needed where there is one');
  return jsonMeans === undefined ? command : command.option('--json', jsonMeans);
}
