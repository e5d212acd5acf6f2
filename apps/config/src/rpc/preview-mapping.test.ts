import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { status } from '@autoprov/grpc';
import { GetTargetSchemaResponse } from '@autoprov/proto';
import { failureOf, installApp, plain, soon, startConfigForTests } from '../config.fixture.ts';
import type { ConfigForTests } from '../config.fixture.ts';
import { refuse, silence } from '../outside.fixture.ts';
import { setupWith } from '../setup.fixture.ts';

let config: ConfigForTests;
let app: string;
beforeAll(async () => {
  config = await startConfigForTests();
});
beforeEach(async () => {
  config.outside.reset();
  app = await installApp(config, `c-${randomUUID().slice(0, 8)}`, 'crm');
});
afterAll(() => config.stop());

const row = (target: string, attribute: string) => ({
  target,
  source: { $case: 'attribute' as const, value: attribute },
});
const rows = [row('userName', 'primaryEmail'), row('name.givenName', 'name.givenName')];
const preview = (draft?: Parameters<typeof setupWith>[0]) =>
  config.cli.previewMapping(
    { app, user: `${app.split('/apps/')[0]}/users/ada@acme.example`, draft: draft && setupWith(draft) },
    soon,
  );

test('a draft gives for a real user, read now, what would be sent and whether the user is in scope', async () => {
  const answer = await preview({ attributeMapping: { rows }, scope: { orgUnits: ['/Sales'] } });
  expect(answer).toMatchObject({
    values: [{ target: 'userName' }, { target: 'name.givenName' }],
    resource: { userName: 'ada@acme.example', name: { givenName: 'Ada' } },
    inScope: true,
    scopeExplanation: expect.stringContaining('/Sales'),
  });
  expect(config.outside.requests('getUser')).toMatchObject([{ fresh: true }]);
  expect((await preview({ scope: { orgUnits: ['/Legal'] } })).inScope).toBe(false);
});

test('it is shown what an account would be looked for by, rule by rule', async () => {
  const rules = [{ attribute: 'userName' }, { attribute: 'nickName', expression: 'user.id + "-x"' }];
  const { matching } = await preview({ attributeMapping: { rows }, matching: { rules } });
  expect(matching).toEqual([
    { attribute: 'userName', value: 'ada@acme.example', problem: '' },
    { attribute: 'nickName', value: expect.stringMatching(/.-x$/), problem: '' },
  ]);
  const wrong = preview({ matching: { rules: [{ attribute: 'nickName', expression: 'user.' }] } });
  expect((await failureOf(wrong)).fieldViolations).toContainEqual(
    expect.objectContaining({ field: 'draft.matching.rules[0].expression' }),
  );
});

test('without a draft the stored setup is shown', async () => {
  await config.cli.createSetup({ parent: app, setup: setupWith({ attributeMapping: { rows } }), ...plain }, soon);
  expect((await preview()).values.map(({ target }) => target)).toEqual(['userName', 'name.givenName']);
});

test('neither a draft nor a setup: there is nothing to show', async () => {
  expect(await failureOf(preview())).toMatchObject({ code: status.NOT_FOUND, reason: 'RESOURCE_NOT_FOUND' });
});

test('a service provider without a schema of its own, or that does not answer, is noted', async () => {
  config.outside.push['getTargetSchema'] = async () =>
    GetTargetSchemaResponse.fromPartial({ schema: { note: 'RFC 7643 stands in' } });
  expect((await preview({})).schemaNote).toBe('RFC 7643 stands in');
  config.outside.push['getTargetSchema'] = silence;
  expect(await preview({})).toMatchObject({
    resource: { userName: 'ada@acme.example' },
    schemaNote: expect.stringMatching(/scim-pusher does not answer/),
  });
});

test('a draft needs no endpoint, but a mapping that can be used', async () => {
  expect((await preview({ endpointUrl: '' })).resource).toMatchObject({ userName: 'ada@acme.example' });
  const wrong = { rows: [row('x y', 'primaryEmail')] };
  expect((await failureOf(preview({ attributeMapping: wrong }))).fieldViolations).toContainEqual(
    expect.objectContaining({ field: 'draft.attribute_mapping.rows[0].target' }),
  );
});

test('an unknown user, a refusal of Google and a silent reader are told as what they are', async () => {
  config.outside.directory['getUser'] = () => refuse(status.NOT_FOUND, 'RESOURCE_NOT_FOUND', 'no such user');
  expect(await failureOf(preview({}))).toMatchObject({ code: status.NOT_FOUND, reason: 'RESOURCE_NOT_FOUND' });
  config.outside.directory['getUser'] = () =>
    refuse(status.FAILED_PRECONDITION, 'DELEGATION_REVOKED', 'not granted', { code: '17003' });
  expect(await failureOf(preview({}))).toMatchObject({ reason: 'DELEGATION_REVOKED', metadata: { code: '17003' } });
  config.outside.directory['getUser'] = silence;
  expect(await failureOf(preview({}))).toMatchObject({
    code: status.UNAVAILABLE,
    reason: 'DEPENDENCY_UNAVAILABLE',
    retryAfterMs: expect.any(Number),
  });
});
