import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { loadTemplates } from './templates.ts';

const shippedDir = fileURLToPath(new URL('../templates', import.meta.url));
const template = {
  name: 'templates/crm',
  displayName: 'CRM',
  version: 1,
  attributeMapping: { rows: [{ target: 'userName', attribute: 'primaryEmail' }] },
};

function folderWith(content: object | string): string {
  const dir = mkdtempSync(join(tmpdir(), 'autoprov-templates-'));
  copyFileSync(join(shippedDir, 'default-mapping.json'), join(dir, 'default-mapping.json'));
  writeFileSync(join(dir, 'crm.json'), typeof content === 'string' ? content : JSON.stringify(content));
  return dir;
}

test('the shipped catalogue can be loaded', () => {
  expect([...loadTemplates(shippedDir).keys()]).toContain('templates/scim-bearer');
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
  [
    'a mapping that cannot be used',
    { ...template, attributeMapping: { rows: [{ target: 'x y' }] } },
    /rows\[0\]\.target/,
  ],
])('a template with %s keeps the service from starting, and its file is named', (_, content, message) => {
  expect(() => loadTemplates(folderWith(content))).toThrow(message);
});
