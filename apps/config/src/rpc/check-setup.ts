import type { CallContext } from '@autoprov/grpc';
import type { CheckSetupRequest, CheckSetupResponse } from '@autoprov/proto';
import { checkWholeSetup } from '../checks/check-whole-setup.ts';
import type { ConfigContext } from '../context.ts';
import { presentFinding } from '../domain/finding.ts';
import { readSubject } from './read-subject.ts';
import { checkUserOf, readAppKey, refuseViolations } from './violations.ts';

/** What `endpoint` and `mapping` say themselves is an answer; whatever else is wrong with a draft is refused. */
const checked = /^draft\.(endpoint_url|attribute_mapping\.rows(\[\d+\]\.(target|source|attribute|expression))?)$/;

export async function checkSetup(
  ctx: ConfigContext,
  { app, draft, user }: CheckSetupRequest,
  call: CallContext,
): Promise<CheckSetupResponse> {
  const key = readAppKey('app', app);
  if (user !== '') refuseViolations(checkUserOf(key, 'user', user));
  const { subject, violations } = await readSubject(ctx, key, draft);
  refuseViolations(violations.filter(({ field }) => !checked.test(field)));
  return { checks: (await checkWholeSetup(ctx, call, subject, user)).map(presentFinding) };
}
