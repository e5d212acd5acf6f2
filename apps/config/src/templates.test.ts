import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { AuthorizationForm_Method } from '@autoprov/proto';
import { templateSchema } from './template-schema.ts';
import { loadTemplates } from './templates.ts';

const shippedDir = fileURLToPath(new URL('../templates', import.meta.url));
const template = {
  name: 'templates/crm',
  displayName: 'CRM',
  version: 1,
  authorization: { methods: ['METHOD_BEARER'] },
  attributeMapping: { rows: [{ target: 'userName', attribute: 'primaryEmail' }] },
};

function folderWith(content: object | string): string {
  const dir = mkdtempSync(join(tmpdir(), 'autoprov-templates-'));
  copyFileSync(join(shippedDir, 'default-mapping.json'), join(dir, 'default-mapping.json'));
  writeFileSync(join(dir, 'crm.json'), typeof content === 'string' ? content : JSON.stringify(content));
  return dir;
}

test('the shipped catalogue can be loaded, and has the products and ways to authorise that are promised', () => {
  const templates = loadTemplates(shippedDir);
  const generic = 'scim-bearer scim-basic scim-oauth-code scim-oauth-client-credentials scim-in-house';
  const products =
    'aws-iam-identity-center github gitlab slack salesforce atlassian zoom dropbox snowflake databricks miro';
  const promised = `${generic} ${products}`.split(' ').map((name) => `templates/${name}`);
  expect([...templates.keys()]).toEqual(expect.arrayContaining(promised));
  const methods = [...templates.values()].flatMap(({ authorization }) => authorization!.methods);
  const { METHOD_UNSPECIFIED: _, UNRECOGNIZED: __, ...known } = AuthorizationForm_Method;
  expect(new Set(methods)).toEqual(new Set(Object.values(known)));
});

test('every template maps what its service provider requires, but for what only the admin knows', () => {
  const unmapped = [...loadTemplates(shippedDir).values()].flatMap(({ name, scim, attributeMapping }) => {
    const targets = new Set(attributeMapping!.rows.map(({ target }) => target));
    return scim!.requiredAttributes.filter((path) => !targets.has(path)).map((path) => `${name}: ${path}`);
  });
  expect(unmapped).toEqual(['templates/salesforce: entitlements']);
});

test('the schema for editors is that of the contract', () => {
  const file = readFileSync(join(shippedDir, 'template.schema.json'), 'utf8');
  // Where it is not, write it with "node apps/config/src/write-template-schema.ts".
  expect(JSON.parse(file)).toEqual(templateSchema());
});

test('Dropbox is asked for a refresh token, which it gives only then', () => {
  const { authorization } = loadTemplates(shippedDir).get('templates/dropbox')!;
  expect(authorization!.authorizationParameters).toEqual({ token_access_type: 'offline' });
});

test('the generic template maps userName, and leaves active to the life of the account', () => {
  const targets = loadTemplates(shippedDir)
    .get('templates/scim-bearer')!
    .attributeMapping!.rows.map(({ target }) => target);
  expect(targets).toContain('userName');
  expect(targets).not.toContain('active');
});

test('a template that is right is loaded', () => {
  expect(loadTemplates(folderWith(template)).get('templates/crm')).toMatchObject({ displayName: 'CRM' });
});

test('a template without a mapping of its own has the default one', () => {
  const { attributeMapping: _, ...bare } = template;
  const rows = loadTemplates(folderWith(bare)).get('templates/crm')!.attributeMapping!.rows;
  expect(rows.map(({ target }) => target)).toContain('userName');
});

test.each<[string, object | string, RegExp]>([
  ['no JSON', '{', /crm\.json is no autoprov.config.v1.Template/],
  ['a field that templates do not have', { ...template, colour: 'red' }, /colour/],
  ['another name than the file', { ...template, name: 'templates/erp' }, /templates\/crm/],
  ['no version', { ...template, version: 0 }, /version/],
  ['no title', { ...template, displayName: '' }, /displayName is empty/],
  [
    'a mapping that cannot be used',
    { ...template, attributeMapping: { rows: [{ target: 'x y' }] } },
    /attributeMapping\.rows\[0\]\.target/,
  ],
  ['no way to authorise', { ...template, authorization: {} }, /authorization\.methods are empty/],
  [
    'half of what an authorization code needs',
    { ...template, authorization: { methods: ['METHOD_OAUTH_CODE'], tokenUrl: 'https://a.example/token' } },
    /authorization\.authorizationUrl is missing/,
  ],
  [
    'OAuth endpoints that no method uses',
    { ...template, authorization: { methods: ['METHOD_BEARER'], tokenUrl: 'https://a.example/token' } },
    /authorization\.methods have none of OAuth/,
  ],
  [
    'a parameter that every authorization request has of its own',
    {
      ...template,
      authorization: { methods: ['METHOD_OAUTH_CODE'], authorizationParameters: { redirect_uri: 'https://a.example' } },
    },
    /authorization\.authorizationParameters "redirect_uri" is made anew/,
  ],
  [
    'parameters of a request that no method makes',
    { ...template, authorization: { methods: ['METHOD_BEARER'], authorizationParameters: { prompt: 'consent' } } },
    /authorization\.authorizationParameters are for METHOD_OAUTH_CODE/,
  ],
  [
    'an OAuth endpoint without TLS',
    { ...template, authorization: { methods: ['METHOD_OAUTH_CLIENT_CREDENTIALS'], tokenUrl: 'http://a.example/' } },
    /authorization\.tokenUrl is not https/,
  ],
  [
    'an endpoint without TLS',
    { ...template, endpoint: { urlTemplate: 'http://{team}.example/scim' } },
    /endpoint\.urlTemplate is not https/,
  ],
  [
    'an endpoint in a private network',
    { ...template, endpoint: { urlTemplate: 'https://{team}.internal/scim' } },
    /endpoint\.urlTemplate names a host that is not public/,
  ],
  [
    'a placeholder that nobody can read',
    { ...template, endpoint: { urlTemplate: 'https://{Team Id}.example/scim' } },
    /endpoint\.urlTemplate has a placeholder/,
  ],
  [
    'a rule that its service provider cannot follow',
    {
      ...template,
      deprovisioningActions: ['DEPROVISIONING_ACTION_SUSPEND'],
      deprovisioning: { deleted: { deleteAfter: '1s' } },
    },
    /deprovisioning\.deleted\.delete_after is not offered/,
  ],
  [
    'nothing to do with people who leave',
    { ...template, deprovisioningActions: ['DEPROVISIONING_ACTION_DELETE'] },
    /deprovisioning\.outOfScope needs a rule/,
  ],
  [
    'matching by what cannot be filtered',
    { ...template, matching: { attributes: ['emails'] }, scim: { filterableAttributes: ['userName'] } },
    /matching\.attributes\[0\]/,
  ],
  ...(['requiredAttributes', 'immutableAttributes', 'filterableAttributes'] as const).map(
    (field): [string, object, RegExp] => [
      `${field} that are no SCIM path`,
      { ...template, scim: { [field]: ['x y'] } },
      /"x y" is not a SCIM path/,
    ],
  ),
  [
    'a length of no SCIM path',
    { ...template, scim: { maxLengths: { 'x y': 3 } } },
    /maxLengths "x y" is not a SCIM path/,
  ],
  ...[
    [{ reason: 'QUOTA' }, /scim\.errorPatterns\[0\]\.words are empty/],
    [{ words: ' * ', reason: 'QUOTA' }, /scim\.errorPatterns\[0\]\.words are empty/],
    [{ words: 'a'.repeat(201), reason: 'QUOTA' }, /scim\.errorPatterns\[0\]\.words have more than 200/],
    [{ status: 200, reason: 'QUOTA' }, /scim\.errorPatterns\[0\]\.status is no status of a refusal/],
    [{ status: 409, reason: 'ODD' }, /scim\.errorPatterns\[0\]\.reason "ODD" is none/],
    [{ status: 404, reason: 'OK' }, /scim\.errorPatterns\[0\]\.reason "OK" is none/],
  ].map(([pattern, message]): [string, object, RegExp] => [
    `a pattern of refusals that is ${JSON.stringify(pattern).slice(0, 60)}`,
    { ...template, scim: { errorPatterns: [pattern] } },
    message as RegExp,
  ]),
  ['a negative rate', { ...template, scim: { maxWritesPerMinute: -1 } }, /maxWritesPerMinute is negative/],
  ['a page that is no URL', { ...template, documentationUri: 'the manual' }, /documentationUri/],
  ['a note that is no sentence', { ...template, notes: ['Beware'] }, /notes\[0\] is no sentence/],
])('a template with %s keeps the service from starting, and its file is named', (_, content, message) => {
  const load = () => loadTemplates(folderWith(content));
  expect(load).toThrow(message);
  expect(load).toThrow(/crm\.json/);
});
