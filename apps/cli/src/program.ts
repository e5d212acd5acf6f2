import { Command, CommanderError } from 'commander';
import { addAccounts } from './commands/accounts.ts';
import { addAdopt } from './commands/adopt.ts';
import { addApply } from './commands/apply.ts';
import { addAuthorize } from './commands/authorize.ts';
import { addCatalogue } from './commands/catalogue.ts';
import { addCheck } from './commands/check.ts';
import { addClassify } from './commands/classify.ts';
import { addCompare } from './commands/compare.ts';
import { addAudit, addCredentials, addRevocations } from './commands/credentials.ts';
import { addExplain } from './commands/explain.ts';
import { addDismiss, addReopen } from './commands/dismiss.ts';
import { addFailures } from './commands/failures.ts';
import { addApprove, addHeld } from './commands/held.ts';
import { addHolds } from './commands/holds.ts';
import { addHistory, addRollback } from './commands/history.ts';
import { addMute, addUnmute } from './commands/mute.ts';
import { addPlan } from './commands/plan.ts';
import { addLinks } from './commands/links.ts';
import { addParked } from './commands/parked.ts';
import { addPrepare } from './commands/prepare.ts';
import { addPreview } from './commands/preview.ts';
import { addProbe } from './commands/probe.ts';
import { addProvision } from './commands/provision.ts';
import { addRemove } from './commands/remove.ts';
import { addRead, addReads } from './commands/reads.ts';
import { addRetry } from './commands/retry.ts';
import { addRoles } from './commands/roles.ts';
import { addStatus } from './commands/status.ts';
import { addSwitch } from './commands/switch.ts';
import { addSync } from './commands/sync.ts';
import { addTemplates } from './commands/templates.ts';
import { addTimeline } from './commands/timeline.ts';
import { addTriage } from './commands/triage.ts';
import { addUndo } from './commands/undo.ts';
import { formatError } from './errors.ts';
import { UsageError, type Io } from './io.ts';

/**
 * Runs one command line.
 *
 * @param args without node and the script
 * @returns the exit code: 0 done, 1 refused or failed, 2 the command line is wrong
 */
export async function runCli(args: string[], io: Io): Promise<number> {
  try {
    await createProgram(io).parseAsync(args, { from: 'user' });
    return 0;
  } catch (err) {
    // commander has printed what is wrong, or the help that was asked for.
    if (err instanceof CommanderError) return err.exitCode === 0 ? 0 : 2;
    io.err(formatError(err));
    return err instanceof UsageError ? 2 : 1;
  }
}

function createProgram(io: Io): Command {
  const program = new Command('autoprov')
    .description('provision the people of a Google directory into SCIM service providers')
    .configureOutput({ writeOut: (text) => io.out(text.trimEnd()), writeErr: (text) => io.err(text.trimEnd()) })
    .showHelpAfterError('(say --help after the command for what it takes)')
    .exitOverride();
  addApply(program, io);
  addPrepare(program, io);
  addAuthorize(program, io);
  addProbe(program, io);
  addCheck(program, io);
  addPreview(program, io);
  addSwitch(program, io);
  addRemove(program, io);
  addSync(program, io);
  addProvision(program, io);
  addRead(program, io);
  addReads(program, io);
  addStatus(program, io);
  addTriage(program, io);
  addMute(program, io);
  addUnmute(program, io);
  addFailures(program, io);
  addRetry(program, io);
  addDismiss(program, io);
  addReopen(program, io);
  addParked(program, io);
  addExplain(program, io);
  addTimeline(program, io);
  addAccounts(program, io);
  addAdopt(program, io);
  addPlan(program, io);
  addCompare(program, io);
  addLinks(program, io);
  addHeld(program, io);
  addApprove(program, io);
  addHolds(program, io);
  addUndo(program, io);
  addHistory(program, io);
  addRollback(program, io);
  addCredentials(program, io);
  addRevocations(program, io);
  addAudit(program, io);
  addCatalogue(program, io);
  addTemplates(program, io);
  addClassify(program, io);
  addRoles(program, io);
  return program;
}
