import { isDeepStrictEqual } from 'node:util';
import { ProvisioningSetup, ProvisioningSetup_State, type SetupDefaults, type Template } from '@autoprov/proto';
import { withRulesOf } from './effective-setup.ts';
import { updatableSetup } from './updatable.ts';
import { applyPaths } from './update-mask.ts';

/**
 * A new setup, inactive. What it says nothing of itself it takes from the template and keeps: its mapping always,
 * deprovisioning and matching where the customer says nothing either. It has no revision yet.
 */
export function newSetup(
  name: string,
  wanted: ProvisioningSetup,
  { template, defaults, now }: { template: Template; defaults: SetupDefaults | undefined; now: Date },
): ProvisioningSetup {
  return withMapping(
    {
      ...wanted,
      deprovisioning: withRulesOf(wanted.deprovisioning, template.deprovisioning, defaults?.deprovisioning),
      matching: wanted.matching ?? (defaults?.matching ? undefined : template.matching),
      name,
      etag: '',
      revision: 0n,
      state: ProvisioningSetup_State.STATE_INACTIVE,
      templateVersion: template.version,
      createTime: now,
      updateTime: now,
    },
    template,
  );
}

/** A setup after an update of the fields of `paths`. */
export function updatedSetup(
  current: ProvisioningSetup,
  wanted: ProvisioningSetup,
  paths: readonly string[],
  template: Template,
): ProvisioningSetup {
  return withMapping(applyPaths(updatableSetup, current, wanted, paths), template);
}

/** Whether two setups ask for the same. A write that changes nothing takes no revision: nobody's accounts are due again. */
export function asksTheSame(a: ProvisioningSetup, b: ProvisioningSetup): boolean {
  return isDeepStrictEqual(ProvisioningSetup.encode(a).finish(), ProvisioningSetup.encode(b).finish());
}

/** Stored with its rows, so that an upgrade of the template changes nobody's accounts. */
function withMapping(setup: ProvisioningSetup, template: Template): ProvisioningSetup {
  if (setup.attributeMapping && setup.attributeMapping.rows.length > 0) return setup;
  return { ...setup, attributeMapping: template.attributeMapping };
}
