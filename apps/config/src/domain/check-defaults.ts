import { SetupDefaults } from '@autoprov/proto';
import { checkList } from './check-list.ts';
import {
  checkDeprovisioning,
  checkGuard,
  checkMatching,
  checkOrgUnits,
  prefix,
  type Violation,
} from './check-setup.ts';

/** What each setup of the customer may grow by, so that the largest still travels in one message. */
const MAX_DEFAULTS_BYTES = 500_000;

/** Everything that is wrong with what a customer's setups take over; empty when it can be stored. */
export function checkDefaults(defaults: SetupDefaults | undefined): Violation[] {
  if (!defaults) return [];
  const field = 'customer.setup_defaults';
  if (SetupDefaults.encode(defaults).finish().length > MAX_DEFAULTS_BYTES) {
    return [
      {
        field: 'customer',
        description: `has setup_defaults larger than ${MAX_DEFAULTS_BYTES} bytes: exclude org units instead of persons`,
      },
    ];
  }
  return prefix(field, [
    ...checkList('excluded_org_units', defaults.excludedOrgUnits),
    ...checkOrgUnits('excluded_org_units', defaults.excludedOrgUnits),
    // Addresses are the same in any case.
    ...checkList('excluded_persons', defaults.excludedPersons, { ignoreCase: true }),
    ...prefix('deprovisioning', checkDeprovisioning(defaults.deprovisioning)),
    ...prefix('matching', checkMatching(defaults.matching)),
    ...prefix('guard', checkGuard(defaults.guard)),
  ]);
}
