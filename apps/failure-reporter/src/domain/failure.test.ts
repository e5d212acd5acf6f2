import { catalogue } from '@autoprov/failure-catalogue';
import { expect, test } from '@jest/globals';
import { Failure } from '@autoprov/proto';
import { presentFailure } from './failure.ts';

const kept = {
  ...Failure.fromPartial({ name: 'failures/a', customer: 'customers/acme', app: 'customers/acme/apps/crm' }),
  subject: 'customers/acme/apps/crm',
};

test('a failure shows the title of its code and the steps of its reason', () => {
  const failure = presentFailure({ ...kept, code: '45003', reason: 'LICENSE_LIMIT' });
  expect(failure.title).toBe(catalogue.find(({ id }) => id === '45003')?.title);
  expect(failure.resolution.join()).toContain('licences');
  expect(failure.resolution.join()).toContain('customers/acme/apps/crm');
});

test.each(catalogue.filter(({ code }) => code !== undefined).map(({ id }) => id))(
  '%s leaves no placeholder open',
  (code) => {
    const { title, resolution } = presentFailure({ ...kept, code });
    expect(title).not.toBe('');
    expect([title, ...resolution].join('\n')).not.toMatch(/\{\w+\}/);
  },
);

test('a code of a newer version is shown without steps', () => {
  expect(presentFailure({ ...kept, code: '99999', reason: 'NEW' })).toMatchObject({ title: 'NEW', resolution: [] });
});
