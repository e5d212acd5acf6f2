import { expect, test } from '@jest/globals';
import { SetupDefaults, Template } from '@autoprov/proto';
import { setupWith } from '../setup.fixture.ts';
import { effectiveSetup } from './effective-setup.ts';
import { newSetup } from './setup.ts';

const rule = (seconds: number) => ({ suspendAfter: { seconds: BigInt(seconds), nanos: 0 }, deleteAfter: undefined });
const template = Template.fromPartial({
  version: 3,
  deprovisioning: { outOfScope: rule(1), suspended: rule(1), deleted: rule(1) },
  matching: { attributes: ['emails'] },
});
const make = (fields: Parameters<typeof setupWith>[0], defaults?: SetupDefaults) =>
  newSetup('customers/a/apps/b/setup', setupWith(fields), { template, defaults, now: new Date() });

test('what neither a new setup nor its customer says is the template’s, and is kept in the setup', () => {
  const setup = make({});
  expect(setup.deprovisioning).toEqual({ ...template.deprovisioning, archived: undefined });
  expect(setup.matching).toEqual(template.matching);
  expect(setup.templateVersion).toBe(3);
});

test('the setup is heard before the customer, and the customer before the template', () => {
  const defaults = SetupDefaults.fromPartial({
    deprovisioning: { outOfScope: rule(2), suspended: rule(2), archived: rule(2) },
    matching: { attributes: ['userName'] },
  });
  const setup = make({ deprovisioning: { outOfScope: rule(3) } }, defaults);
  expect(setup.deprovisioning).toEqual({
    outOfScope: rule(3),
    suspended: undefined,
    archived: undefined,
    deleted: rule(1),
  });
  expect(setup.matching).toBeUndefined();
  const effective = effectiveSetup(setup, defaults);
  expect(effective.deprovisioning).toEqual({
    outOfScope: rule(3),
    suspended: rule(2),
    archived: rule(2),
    deleted: rule(1),
  });
  expect(effective.matching?.attributes).toEqual(['userName']);
});
