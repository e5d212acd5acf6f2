import type { CallContext } from '@autoprov/grpc';
import { checkUrl } from '@autoprov/outbound';
import type { ConfigContext } from '../context.ts';
import type { Finding } from '../domain/finding.ts';
import { judgeProbe } from '../domain/judge-probe.ts';
import { appName } from '../rpc/present.ts';
import { ask, unanswered } from './ask.ts';
import type { Subject } from './subject.ts';

/** `endpoint` and `credential`: whether SCIM answers at the URL and takes the stored credential. */
export async function checkEndpoint(ctx: ConfigContext, call: CallContext, subject: Subject): Promise<Finding[]> {
  const { app, setup, scim } = subject;
  const { endpointUrl } = setup;
  const wrong = checkUrl(endpointUrl, ctx.allowedHosts);
  if (wrong !== undefined) return endpointRefused(`the URL ${wrong}`);
  const request = { app: appName(app), endpointUrl, profile: scim };
  const { answer, failure } = await ask(call, (options) => ctx.push.probeEndpoint(request, options));
  if (answer) return judgeProbe(answer);
  return ['endpoint', 'credential'].map((id) => unanswered(id, 'scim-pusher', failure));
}

function endpointRefused(message: string): Finding[] {
  const found = { code: '', reason: 'ENDPOINT_INVALID' };
  const untried = 'the credential was not tried: the endpoint comes first';
  return [
    { id: 'endpoint', verdict: 'failed', ...found, message },
    { id: 'credential', verdict: 'unknown', ...found, message: untried },
  ];
}
