import fc from 'fast-check';
import { expect, test } from '@jest/globals';
import { ProvisioningSetup, ProvisioningSetup_State } from '@autoprov/proto';
import { setupWith } from '../setup.fixture.ts';
import { changedPaths } from './changed-paths.ts';
import { asksTheSame } from './setup.ts';
import { updatableSetup } from './updatable.ts';
import { applyPaths, checkPaths } from './update-mask.ts';

const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 2 });
const setups = fc
  .record(
    {
      endpointUrl: fc.constantFrom('https://a.example', 'https://b.example'),
      scope: fc.record({ groups: names, persons: names, filter: fc.constantFrom('', 'true') }, { requiredKeys: [] }),
      deprovisioning: fc.record({ deleted: fc.constantFrom({}, { deleteAfter: { seconds: 5n, nanos: 0 } }) }),
      matching: fc.record({ attributes: names, onExisting: fc.constantFrom(0, 1, 2) }),
      attributeMapping: fc.record({ rows: names.map((targets) => targets.map((target) => ({ target }))) }),
      mappingTests: names.map((tests) => tests.map((name) => ({ name, user: { id: 1 }, expected: { a: null } }))),
    },
    { requiredKeys: [] },
  )
  .map((fields) => ProvisioningSetup.fromPartial(fields as never));

test('an update of the changed paths makes the one setup the other', () => {
  fc.assert(
    fc.property(setups, setups, (before, after) => {
      const paths = changedPaths(before, after);
      expect(checkPaths(updatableSetup, paths)).toEqual([]);
      const updated = applyPaths(updatableSetup, before, after, paths);
      expect(changedPaths(updated, after)).toEqual([]);
      if (paths.length === 0) expect(asksTheSame(before, after)).toBe(true);
    }),
  );
});

test('a setup read back from where it is stored is no change', () => {
  fc.assert(
    fc.property(setups, (setup) => {
      const readBack = ProvisioningSetup.decode(ProvisioningSetup.encode(setup).finish());
      expect(changedPaths(setup, readBack)).toEqual([]);
    }),
  );
});

test('changes are told as finely as a mask can say them', () => {
  const before = setupWith({ scope: { groups: ['a'], persons: ['p'] } });
  const after = setupWith({
    endpointUrl: 'https://b.example',
    state: ProvisioningSetup_State.STATE_ACTIVE,
    scope: { groups: ['b'], persons: ['p'] },
    deprovisioning: { deleted: { deleteAfter: { seconds: 1n, nanos: 0 } } },
    attributeMapping: { rows: [] },
  });
  expect(changedPaths(before, after)).toEqual([
    'state',
    'endpoint_url',
    'attribute_mapping',
    'scope.groups',
    'deprovisioning.deleted',
  ]);
});
