import { isAllowedHost } from '@autoprov/outbound';
import {
  DeprovisioningAction,
  type DeprovisioningPolicy,
  type ProvisioningSetup,
  type SetupDefaults,
  type Template,
} from '@autoprov/proto';
import { prefix, type Violation } from './check-setup.ts';
import { triggers } from './effective-setup.ts';

const { DEPROVISIONING_ACTION_DELETE, DEPROVISIONING_ACTION_SUSPEND } = DeprovisioningAction;

/** What a setup and what it takes over from its customer ask of an app that its template does not have; empty: nothing. */
export function checkForTemplate(
  setup: ProvisioningSetup,
  {
    template,
    defaults,
    allowedHosts,
  }: { template: Template; defaults: SetupDefaults | undefined; allowedHosts: readonly string[] },
): Violation[] {
  const endpoint = checkEndpoint(setup.endpointUrl, template, allowedHosts);
  return prefix('setup', [
    ...(endpoint === undefined ? [] : [{ field: 'endpoint_url', description: endpoint }]),
    ...prefix('deprovisioning', [
      ...checkActions(setup.deprovisioning, template),
      ...checkActions(
        inheritedRules(setup.deprovisioning, defaults?.deprovisioning),
        template,
        'comes from the customer and ',
      ),
    ]),
  ]);
}

/** What an app of a template is asked to do with people who leave, and cannot; `origin` says where it is asked. */
export function checkActions(
  policy: DeprovisioningPolicy | undefined,
  { displayName, deprovisioningActions: offered }: Template,
  origin = '',
): Violation[] {
  if (!policy || offered.length === 0) return [];
  return triggers.flatMap((trigger) => {
    const { suspendAfter, deleteAfter } = policy[trigger] ?? {};
    const at = trigger === 'outOfScope' ? 'out_of_scope' : trigger;
    const refused = (field: string, verb: string, instead: string) => ({
      field: `${at}.${field}`,
      description: `${origin}is not offered: ${displayName} ${verb} no accounts, give the setup a rule with ${instead}`,
    });
    return [
      ...(suspendAfter && !offered.includes(DEPROVISIONING_ACTION_SUSPEND)
        ? [refused('suspend_after', 'suspends', 'delete_after or an empty one')]
        : []),
      ...(deleteAfter && !offered.includes(DEPROVISIONING_ACTION_DELETE)
        ? [refused('delete_after', 'deletes', 'suspend_after')]
        : []),
    ];
  });
}

function inheritedRules(
  own: DeprovisioningPolicy | undefined,
  inherited: DeprovisioningPolicy | undefined,
): DeprovisioningPolicy | undefined {
  if (!inherited) return undefined;
  const rules = triggers.map((trigger) => [trigger, own?.[trigger] ? undefined : inherited[trigger]]);
  return Object.fromEntries(rules) as DeprovisioningPolicy;
}

function checkEndpoint(text: string, { endpoint }: Template, allowedHosts: readonly string[]): string | undefined {
  const form = endpoint?.urlTemplate ?? '';
  // What is no URL at all is told by checkUrl.
  if (form === '' || !URL.canParse(text) || isAllowedHost(new URL(text), allowedHosts)) return undefined;
  const { origin, pathname } = new URL(text);
  if (patternOf(form).test(origin + pathname)) return undefined;
  const hint = endpoint?.hint ? ` (${endpoint.hint})` : '';
  return `does not have the form ${form}${hint}: correct it, or install the app from a template for any service provider`;
}

/** What a URL of the form looks like: a placeholder is a part of the host's name, or a segment of the path. */
export function patternOf(form: string): RegExp {
  const source = form
    .split(/(\{[a-z_]+\})/)
    .map((part) => (part.startsWith('{') ? '[^/:@]+' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('');
  return new RegExp(`^${source}$`);
}
