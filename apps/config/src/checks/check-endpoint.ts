import type { CallContext } from '@autoprov/grpc';
import type { ConfigContext } from '../context.ts';
import type { Finding } from '../domain/finding.ts';
import { judgeGroupType, judgeProbe } from '../domain/judge-probe.ts';
import { appName } from '../rpc/present.ts';
import { ask, unanswered } from './ask.ts';
import { endpointProblem } from './endpoint-problem.ts';
import type { Subject } from './subject.ts';

/**
 * `endpoint` and `credential`: whether SCIM answers at the URL and takes the stored credential. `pushed_groups`, where there
 * are some: whether it has groups.
 */
export async function checkEndpoint(ctx: ConfigContext, call: CallContext, subject: Subject): Promise<Finding[]> {
  const { app, setup, scim } = subject;
  const { endpointUrl } = setup;
  const asksGroups = setup.pushedGroups.length > 0;
  const wrong = endpointProblem(ctx, subject);
  if (wrong !== undefined) return endpointRefused(wrong);
  const request = { app: appName(app), endpointUrl, profile: scim, asksGroups };
  const { answer, failure } = await ask(call, (options) => ctx.push.probeEndpoint(request, options));
  if (answer) return [...judgeProbe(answer), ...(asksGroups ? [judgeGroupType(answer)] : [])];
  return ['endpoint', 'credential'].map((id) => unanswered(id, 'scim-pusher', failure));
}

function endpointRefused(description: string): Finding[] {
  const reason = 'ENDPOINT_INVALID';
  const message = `the URL ${description}`;
  const refusal = { reason: 'ENDPOINT_INVALID' as const, violations: [{ field: 'setup.endpoint_url', description }] };
  const untried = 'the credential was not tried: the endpoint comes first';
  return [
    { id: 'endpoint', verdict: 'failed', code: '', reason, message, refusal },
    { id: 'credential', verdict: 'unknown', code: '', reason, message: untried },
  ];
}
