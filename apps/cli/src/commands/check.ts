import type { Command } from 'commander';
import { SetupCheck, SetupCheck_Result, setupCheck_ResultToJSON, toCanonicalJson } from '@autoprov/proto';
import { checkTimeoutMs } from '../calls.ts';
import { CommandError, type Io } from '../io.ts';
import { chooseApp, toUserName } from '../names.ts';
import { withServices } from '../network.ts';
import { formatJson, formatTable, formatWord } from '../output.ts';
import { addAppOptions, type AppOptions } from './app-options.ts';

type CheckOptions = AppOptions & { user?: string };

export function addCheck(program: Command, io: Io): void {
  addAppOptions(program.command('check'), 'one JSON array')
    .description('check a setup as its activation would: endpoint, credential, delegation, groups, mapping, one person')
    .option('--user <user>', 'the person to try the mapping on: primary address or id; otherwise anybody')
    .action((options: CheckOptions) =>
      withServices(io, async (services) => {
        const app = await chooseApp(services, options.app, options.customer);
        const user = options.user === undefined ? '' : toUserName(options.user, app);
        const { checks } = await services.config.checkSetup(
          { app, draft: undefined, user },
          { timeoutMs: checkTimeoutMs },
        );
        io.out(options.json ? toJson(checks) : formatChecks(checks));
        if (checks.some(({ result }) => result === SetupCheck_Result.RESULT_FAILED)) {
          throw new CommandError('the setup cannot be activated: mend what has failed and check again');
        }
      }),
    );
}

function toJson(checks: SetupCheck[]): string {
  return formatJson(checks.map((check) => toCanonicalJson('autoprov.config.v1.SetupCheck', SetupCheck, check)));
}

/** One row a check. */
export function formatChecks(checks: SetupCheck[]): string {
  return formatTable(
    ['check', 'result', 'code', 'reason', 'what was found'],
    checks.map(({ id, result, code, reason, message }) => [
      id,
      formatWord(setupCheck_ResultToJSON(result), 'RESULT_'),
      code,
      reason,
      message,
    ]),
  );
}
