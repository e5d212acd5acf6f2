import type { CallContext } from '@autoprov/grpc';
import { directoryScopes } from '@autoprov/failure-catalogue';
import type { ConfigContext } from '../context.ts';
import type { Finding } from '../domain/finding.ts';
import { judgeDelegation } from '../domain/judge-delegation.ts';
import { ask, unanswered } from './ask.ts';
import type { Subject } from './subject.ts';

/** `delegation` and `scope <URL>`: whether Google lets us read this customer's directory, and no other. */
export async function checkDelegation(ctx: ConfigContext, call: CallContext, { app }: Subject): Promise<Finding[]> {
  const name = `customers/${app.customerId}/delegation`;
  const { answer, failure } = await ask(call, (options) => ctx.tokenBroker.checkDelegation({ name }, options));
  if (answer) return judgeDelegation(answer);
  if (failure.reason === 'RESOURCE_NOT_FOUND' || failure.reason === 'DELEGATION_MISSING') return [missing];
  const delegation = unanswered('delegation', 'token-broker', failure);
  // Without a code it is no refusal of Google: the broker does not answer, or cannot.
  if (delegation.code !== '' && delegation.code !== '17002') return [{ ...delegation, verdict: 'failed' }];
  return [delegation, ...directoryScopes.map((scope) => unanswered(`scope ${scope}`, 'token-broker', failure))];
}

const missing: Finding = {
  id: 'delegation',
  verdict: 'failed',
  code: '17003',
  reason: 'DELEGATION_MISSING',
  message: 'no service account is stored for the customer: store one, and let the Workspace admin authorize it',
};
