import type { CallContext } from '@autoprov/grpc';
import type { TargetSchema } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { passed, type Finding } from '../domain/finding.ts';
import { appName } from '../rpc/present.ts';
import { ask, unanswered } from './ask.ts';
import { endpointProblem } from './endpoint-problem.ts';
import type { Subject } from './subject.ts';

/** `target_schema`: what a service provider's users have; the schema itself where it is known. */
export async function readTargetSchema(
  ctx: ConfigContext,
  call: CallContext,
  subject: Subject,
): Promise<{ finding: Finding; schema: TargetSchema | undefined }> {
  if (endpointProblem(ctx, subject) !== undefined) {
    const message = 'the attributes were not asked for: the endpoint comes first';
    const finding = { id: 'target_schema', verdict: 'unknown' as const, code: '', reason: 'ENDPOINT_INVALID', message };
    return { finding, schema: undefined };
  }
  const { app, setup, scim } = subject;
  const request = { app: appName(app), endpointUrl: setup.endpointUrl, profile: scim };
  const { answer, failure } = await ask(call, (options) => ctx.push.getTargetSchema(request, options));
  if (answer) return { finding: passed('target_schema', answer.schema?.note), schema: answer.schema };
  const finding = unanswered('target_schema', 'scim-pusher', failure);
  const { reason } = failure;
  switch (reason) {
    case 'FETCH_TARGET_ATTRIBUTES_FAILED':
      return { finding: { ...finding, reason, refusal: { reason, retryable: true } }, schema: undefined };
    case 'FETCH_TARGET_SCHEMA_FAILED':
      return { finding: { ...finding, verdict: 'failed', reason, refusal: { reason } }, schema: undefined };
    default:
      return { finding, schema: undefined };
  }
}
