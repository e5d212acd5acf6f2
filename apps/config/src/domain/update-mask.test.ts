import fc from 'fast-check';
import { expect, test } from '@jest/globals';
import { ProvisioningSetup } from '@autoprov/proto';
import { updatableSetup } from './updatable.ts';
import { applyPaths, checkPaths, isChanged, pathsOf } from './update-mask.ts';

const paths = fc.uniqueArray(
  fc.constantFrom(
    'endpoint_url',
    'attribute_mapping',
    'attribute_mapping.rows',
    'scope',
    'scope.groups',
    'scope.excluded_persons',
    'deprovisioning.out_of_scope',
    'matching.attributes',
    'matching.on_existing',
  ),
);
const setups = fc
  .record(
    {
      endpointUrl: fc.webUrl(),
      etag: fc.string(),
      scope: fc.record({ groups: fc.array(fc.string()), excludedPersons: fc.array(fc.string()) }, { requiredKeys: [] }),
      deprovisioning: fc.record({ outOfScope: fc.constant({ deleteAfter: { seconds: 5n, nanos: 0 } }) }),
      matching: fc.record({ attributes: fc.array(fc.string()), onExisting: fc.constantFrom(0, 1, 2) }),
    },
    { requiredKeys: [] },
  )
  .map((fields) => ProvisioningSetup.fromPartial(fields as Parameters<typeof ProvisioningSetup.fromPartial>[0]));

test('an update with the same mask twice is an update once', () => {
  fc.assert(
    fc.property(setups, setups, paths, (current, wanted, mask) => {
      const once = applyPaths(updatableSetup, current, wanted, mask);
      expect(applyPaths(updatableSetup, once, wanted, mask)).toEqual(once);
    }),
  );
});

test('an update with nothing new changes nothing', () => {
  fc.assert(
    fc.property(setups, (current) => {
      expect(applyPaths(updatableSetup, current, current, pathsOf(updatableSetup, current, undefined))).toEqual(
        current,
      );
    }),
  );
});

test('fields outside the mask stay as they are', () => {
  fc.assert(
    fc.property(setups, setups, (current, wanted) => {
      const { endpointUrl, ...rest } = applyPaths(updatableSetup, current, wanted, ['endpoint_url']);
      expect({ endpointUrl, ...rest }).toEqual({ ...current, endpointUrl: wanted.endpointUrl });
    }),
  );
});

test('a part of a message that was absent is set, the other parts get their defaults', () => {
  const merged = applyPaths(
    updatableSetup,
    ProvisioningSetup.fromPartial({}),
    ProvisioningSetup.fromPartial({ scope: { groups: ['g'] } }),
    ['scope.groups'],
  );
  expect(merged.scope).toMatchObject({ groups: ['g'], persons: [] });
});

test('a field in the mask that is not set in the request is cleared', () => {
  const current = ProvisioningSetup.fromPartial({ scope: { groups: ['g'] } });
  expect(applyPaths(updatableSetup, current, ProvisioningSetup.fromPartial({}), ['scope']).scope).toBeUndefined();
});

test('without a mask every field that is set is changed', () => {
  const setup = ProvisioningSetup.fromPartial({ etag: '1', scope: { groups: ['g'] } });
  expect(pathsOf(updatableSetup, setup, undefined)).toEqual(['scope']);
  expect(pathsOf(updatableSetup, setup, [])).toEqual(['scope']);
  expect(pathsOf(updatableSetup, setup, ['matching'])).toEqual(['matching']);
});

test.each([
  'colour',
  'scope.colour',
  'scope.groups.x',
  '',
  '*',
  'endpointUrl',
  'constructor',
  '__proto__',
  'state',
  'etag',
])('the path %j is refused with what to use instead', (path) => {
  expect(checkPaths(updatableSetup, ['scope', path])).toEqual([
    { field: 'update_mask.paths[1]', description: expect.stringMatching(/use |leave it out/) },
  ]);
});

test('a violation belongs to the path that changes its field', () => {
  expect(isChanged(updatableSetup, 'setup.scope.groups[1]', ['scope'])).toBe(true);
  expect(isChanged(updatableSetup, 'setup.scope.groups[1]', ['scope.groups'])).toBe(true);
  expect(isChanged(updatableSetup, 'setup.scope.groups[1]', ['scope.persons'])).toBe(false);
  expect(isChanged(updatableSetup, 'setup.scope', ['scope.groups'])).toBe(false);
});
