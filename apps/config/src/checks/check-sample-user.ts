import type { CallContext } from '@autoprov/grpc';
import { checkMapping, previewUser } from '@autoprov/mapping';
import type { DirectoryUser, TargetSchema } from '@autoprov/proto';
import type { JsonObject } from '@autoprov/scim';
import type { ConfigContext } from '../context.ts';
import { passed, type Finding } from '../domain/finding.ts';
import { ask, unanswered } from './ask.ts';
import type { Subject } from './subject.ts';

const ID = 'sample_user';

/**
 * Reads the user to try the mapping on, from Google: the one that is named, else some user of the mirror, else the admin
 * on whose behalf the directory is read, since before the first activation there is no mirror.
 */
export async function readSampleUser(
  ctx: ConfigContext,
  call: CallContext,
  { app }: Subject,
  name: string,
): Promise<{ user: DirectoryUser } | { finding: Finding }> {
  const wanted = name || (await findSampleName(ctx, call, `customers/${app.customerId}`));
  if (wanted === undefined) return { finding: noSample('no user is known yet: name one') };
  const request = { name: wanted, fresh: true };
  const { answer, failure } = await ask(call, (options) => ctx.directory.getUser(request, options));
  if (answer?.user) return { user: answer.user };
  if (failure?.reason === 'RESOURCE_NOT_FOUND') return { finding: noSample('there is no such user: name another') };
  if (!failure) return { finding: noSample('the directory answered without a user: name another') };
  return { finding: { ...unanswered(ID, 'directory-reader', failure) } };
}

/** `sample_user`: what the service provider would refuse of one person; that keeps nobody else from being provisioned. */
export function judgeSampleUser(
  { setup, scim }: Subject,
  user: DirectoryUser,
  schema: TargetSchema | undefined,
): Finding {
  const rows = setup.attributeMapping?.rows ?? [];
  if (checkMapping(rows).length > 0) return noSample('the mapping comes first');
  const { values } = previewUser(rows, (user.attributes ?? {}) as JsonObject, new Map(), schema, scim);
  const problems = values.filter(({ problem }) => problem !== '');
  if (problems.length === 0) return passed(ID, `tried on ${user.name}`);
  const said = problems.map(({ target, problem }) => `${target} ${problem}`).join('; ');
  return { id: ID, verdict: 'advice', code: '', reason: 'SAMPLE_REFUSED', message: `tried on ${user.name}: ${said}` };
}

async function findSampleName(ctx: ConfigContext, call: CallContext, parent: string): Promise<string | undefined> {
  const page = { parent, pageSize: 1, pageToken: '', showDeleted: false, fresh: false };
  const listed = await ask(call, (options) => ctx.directory.listUsers(page, options));
  const [user] = listed.answer?.users ?? [];
  if (user) return user.name;
  const asked = await ask(call, (options) => ctx.tokenBroker.getDelegation({ name: `${parent}/delegation` }, options));
  const adminEmail = asked.answer?.delegation?.adminEmail;
  return adminEmail && `${parent}/users/${adminEmail}`;
}

function noSample(why: string): Finding {
  return {
    id: ID,
    verdict: 'advice',
    code: '',
    reason: 'NO_SAMPLE',
    message: `the mapping was tried on nobody: ${why}`,
  };
}
