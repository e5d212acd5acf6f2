import type { CallContext } from '@autoprov/grpc';
import type { ProvisioningSetup } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import type { Finding } from '../domain/finding.ts';
import { judgeGroups } from '../domain/judge-groups.ts';
import { ask, unanswered } from './ask.ts';
import type { Subject } from './subject.ts';

/** So many a question, as the contract has it. */
const BATCH = 100;

/** `group <group>`: whether each group of the scope, and each that is pushed, exists and its members can be read. */
export async function checkGroups(ctx: ConfigContext, call: CallContext, { app, setup }: Subject): Promise<Finding[]> {
  const parent = `customers/${app.customerId}`;
  const groups = groupsOf(setup);
  const checks = [];
  for (let i = 0; i < groups.length; i += BATCH) {
    const request = { parent, groups: groups.slice(i, i + BATCH) };
    const { answer, failure } = await ask(call, (options) => ctx.directory.checkGroups(request, options));
    if (failure) return groups.map((group) => unanswered(`group ${group}`, 'directory-reader', failure));
    checks.push(...answer.checks);
  }
  return judgeGroups(checks, setup);
}

/** Groups that are read for a setup, as it spells them. */
function groupsOf({ scope, pushedGroups }: ProvisioningSetup): string[] {
  return [...new Set([...(scope?.groups ?? []), ...pushedGroups.map(({ group }) => group)])];
}
