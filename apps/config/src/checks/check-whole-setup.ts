import type { CallContext } from '@autoprov/grpc';
import type { ConfigContext } from '../context.ts';
import type { Finding } from '../domain/finding.ts';
import { judgeDeprovisioning } from '../domain/judge-deprovisioning.ts';
import { judgeMapping, judgeMappingTests } from '../domain/judge-mapping.ts';
import { checkCustomSchemas } from './check-custom-schemas.ts';
import { checkDelegation } from './check-delegation.ts';
import { checkEndpoint } from './check-endpoint.ts';
import { checkGroups } from './check-groups.ts';
import { judgeSampleUser, readSampleUser } from './check-sample-user.ts';
import { readTargetSchema } from './read-target-schema.ts';
import type { Subject } from './subject.ts';

/**
 * Checks everything there is to a setup, what can be at the same time.
 *
 * @param user the sample, `customers/{customer}/users/{user}`; empty: some user of the directory
 */
export async function checkWholeSetup(
  ctx: ConfigContext,
  call: CallContext,
  subject: Subject,
  user = '',
): Promise<Finding[]> {
  const { setup, scim } = subject;
  const [endpoint, target, delegation, groups, customSchemas, sample] = await Promise.all([
    checkEndpoint(ctx, call, subject),
    readTargetSchema(ctx, call, subject),
    checkDelegation(ctx, call, subject),
    checkGroups(ctx, call, subject),
    checkCustomSchemas(ctx, call, subject),
    readSampleUser(ctx, call, subject, user),
  ]);
  const mapping = judgeMapping(setup, target.schema, scim, customSchemas.violations);
  return [
    ...endpoint,
    ...delegation,
    ...groups,
    target.finding,
    worse(mapping, customSchemas.finding),
    ...judgeMappingTests(setup),
    'user' in sample ? judgeSampleUser(subject, sample.user, target.schema) : sample.finding,
    judgeDeprovisioning(subject),
  ];
}

/** What is wrong for certain comes before what could not be found out. */
export function worse(mapping: Finding, customSchemas: Finding | undefined): Finding {
  return mapping.verdict === 'failed' ? mapping : (customSchemas ?? mapping);
}
