import {
  DeprovisioningAction,
  type DeprovisioningRule,
  type ProvisioningSetup,
  type ScimProfile,
  type SetupDefaults,
  type Template,
} from '@autoprov/proto';
import { effectiveSetup, triggers } from './effective-setup.ts';
import { passed, type Finding } from './finding.ts';

type Situation = {
  setup: ProvisioningSetup;
  /** What it takes over from its customer. */
  defaults: SetupDefaults | undefined;
  template: Pick<Template, 'deprovisioningActions'>;
  scim: Pick<ScimProfile, 'suspendIsPermanent' | 'deleteIsPermanent'>;
};

const suspendAtOnce: DeprovisioningRule = { suspendAfter: { seconds: 0n, nanos: 0 }, deleteAfter: undefined };

/** What should be known before accounts are taken away as a setup says; it keeps nobody from doing so. */
export function judgeDeprovisioning({ setup, defaults, template, scim }: Situation): Finding {
  const { deprovisioning: policy } = effectiveSetup(setup, defaults);
  const { deprovisioningActions: offered } = template;
  const rules = triggers.map((trigger) => policy?.[trigger] ?? suspendAtOnce);
  const suspends = rules.some(({ suspendAfter }) => suspendAfter);
  const deletes = rules.some(({ deleteAfter }) => deleteAfter);
  const lacks = (action: DeprovisioningAction) => offered.length > 0 && !offered.includes(action);
  const advice = [
    suspends && scim.suspendIsPermanent
      ? "at this service provider a suspended account can't be taken back: whoever returns gets a new one"
      : '',
    deletes && scim.deleteIsPermanent
      ? "at this service provider a deleted account can't be made again: whoever returns stays without one"
      : '',
    suspends && lacks(DeprovisioningAction.DEPROVISIONING_ACTION_SUSPEND)
      ? "this service provider can't suspend accounts, only delete them: leave out suspend_after"
      : '',
    deletes && lacks(DeprovisioningAction.DEPROVISIONING_ACTION_DELETE)
      ? "this service provider can't delete accounts, only suspend them: leave out delete_after"
      : '',
  ].filter(Boolean);
  if (advice.length === 0) return passed('deprovisioning');
  const message = advice.join('; ');
  return { id: 'deprovisioning', verdict: 'advice', code: '', reason: 'DEPROVISIONING_LIMITED', message };
}
