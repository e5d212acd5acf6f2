import type { CallContext } from '@autoprov/grpc';
import { isInScope, matchingRules, matchingValue, previewUser } from '@autoprov/mapping';
import type { DirectoryUser, PreviewMappingRequest, PreviewMappingResponse } from '@autoprov/proto';
import type { JsonObject } from '@autoprov/scim';
import { ask, passOn } from '../checks/ask.ts';
import { readTargetSchema } from '../checks/read-target-schema.ts';
import type { ConfigContext } from '../context.ts';
import { effectiveSetup } from '../domain/effective-setup.ts';
import { readSubject } from './read-subject.ts';
import { checkUserOf, readAppKey, refuseViolations } from './violations.ts';

/** The draft is used for its mapping, scope and matching: it need not have an endpoint yet. */
const used = /^draft($|\.(attribute_mapping|scope|matching)\b)/;

export async function previewMapping(
  ctx: ConfigContext,
  { app, user: name, draft }: PreviewMappingRequest,
  call: CallContext,
): Promise<PreviewMappingResponse> {
  const key = readAppKey('app', app);
  refuseViolations(checkUserOf(key, 'user', name));
  const { subject, violations } = await readSubject(ctx, key, draft);
  refuseViolations(violations.filter(({ field }) => used.test(field)));
  const [user, { schema, finding }] = await Promise.all([
    readUser(ctx, call, name),
    readTargetSchema(ctx, call, subject),
  ]);
  const { setup, defaults, scim } = subject;
  const rows = setup.attributeMapping?.rows ?? [];
  const { values, resource } = previewUser(rows, (user.attributes ?? {}) as JsonObject, new Map(), schema, scim);
  const effective = effectiveSetup(setup, defaults);
  const { inScope = false, explanation } = isInScope(effective.scope, user);
  const matching = matchingRules(effective.matching).map((rule) =>
    matchingValue(rule, resource, (user.attributes ?? {}) as JsonObject),
  );
  const schemaNote = schema
    ? schema.note
    : `only what the template says of the service provider is known: ${finding.message}`;
  return { values, resource, inScope, scopeExplanation: explanation, schemaNote, matching };
}

async function readUser(ctx: ConfigContext, call: CallContext, name: string): Promise<DirectoryUser> {
  const { answer, failure } = await ask(call, (options) => ctx.directory.getUser({ name, fresh: true }, options));
  if (failure) throw passOn('directory-reader', failure);
  return answer.user!;
}
